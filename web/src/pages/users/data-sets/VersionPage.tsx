import {
  Badge,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Tab,
  TabList,
  tokens,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import {
  versions,
  type DataSetOf,
  type RestoredPart,
  type RestoreResult,
  type Version,
} from "../../../api/dataSets";
import { EmptyState } from "../../../parts/EmptyState";
import { Facts } from "../../../parts/Facts";
import { Loaded } from "../../../parts/Loaded";
import { Page } from "../../../parts/Page";
import { PageLink } from "../../../parts/PageLink";
import { bytesOf, momentOf } from "../../../parts/times";
import { useMay, useReason } from "../../../parts/useSession";
import { ContentBrowser } from "./ContentBrowser";
import { DifferenceView } from "./DifferenceView";
import { setName } from "./items";
import { RestoreDialog } from "./RestoreDialog";
import { stateOf, whoOf } from "./version";

const useStyles = makeStyles({
  facts: { maxWidth: "900px" },
  digest: {
    overflowWrap: "anywhere",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

interface Props {
  readonly of: DataSetOf;
  readonly number: number;
}

/** One version: what is in it, and what it changed. */
export function VersionPage({ of, number }: Props) {
  const list = useQuery({
    queryKey: ["data-sets", of.sid, of.scope, "versions"],
    queryFn: () => versions(of),
    refetchOnWindowFocus: false,
  });
  return (
    <Page title={`Version ${number} of ${setName(of.scope)}`} about={of.sid}>
      <PageLink to={`/users/${of.sid}/data-sets`}>All data sets of this user</PageLink>
      <Loaded query={list} what="the versions">
        {(data) => {
          const version = data.item.find((each) => each.number === number);
          if (version === undefined) {
            return (
              <EmptyState title={`There is no version ${number}`}>
                Versions fall to retention. Look at those that are there.
              </EmptyState>
            );
          }
          return <Known of={of} version={version} versions={data.item} />;
        }}
      </Loaded>
    </Page>
  );
}

interface Wanted {
  readonly number: number;
  readonly part: RestoredPart;
}

function Known({
  of,
  version,
  versions: all,
}: {
  readonly of: DataSetOf;
  readonly version: Version;
  readonly versions: readonly Version[];
}) {
  const styles = useStyles();
  const [tab, setTab] = useState<"content" | "difference">("content");
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [done, setDone] = useState<RestoreResult | null>(null);
  const { number } = version;
  const may = useMay()("restore");
  const reason = useReason();
  const readable = version.kept && !version.damaged;
  return (
    <>
      {done !== null && (
        <MessageBar intent="success" layout="multiline">
          <MessageBarBody>
            Restored{done.number == null ? "" : ` as version ${done.number}`}: {done.total.toLocaleString()}{" "}
            {done.total === 1 ? "thing has" : "things have"} changed. The user gets it at the next logon.
          </MessageBarBody>
        </MessageBar>
      )}
      <div className={styles.facts}>
        <Facts
          facts={[
            ["Stored", version.stored == null ? "not known" : momentOf(version.stored)],
            ["By", whoOf(version)],
            ["Size", bytesOf(version.bytes)],
            ["Made from", version.base == null ? "not known" : `version ${version.base}`],
            ["Notes", version.notes ?? "none"],
            [
              "State",
              stateOf(version).map((word) => (
                <Badge key={word} appearance="tint" color="informative">
                  {word}
                </Badge>
              )),
            ],
            [
              "Digest",
              <span key="digest" className={styles.digest}>
                {version.digest}
              </span>,
            ],
          ]}
        />
      </div>
      {!readable && (
        <EmptyState title="Its content is not there any more">
          {version.damaged
            ? "The Storage Server found it damaged. Look at another version, and into the Storage Server’s log."
            : "It fell to retention. Look at another version; pin those that shall stay."}
        </EmptyState>
      )}
      {readable && !may && <EmptyState title="Its content is not for everybody">{reason}</EmptyState>}
      {readable && may && (
        <>
          <TabList selectedValue={tab} onTabSelect={(_, data) => setTab(data.value as typeof tab)}>
            <Tab value="content">Content</Tab>
            <Tab value="difference">Changes</Tab>
          </TabList>
          {tab === "content" ? (
            <ContentBrowser
              of={{ set: of, number }}
              onRestore={version.current ? null : (part) => setWanted({ number, part })}
            />
          ) : (
            <DifferenceView
              of={{ set: of, number }}
              versions={all}
              onRestore={(from, part) => setWanted({ number: from, part })}
            />
          )}
        </>
      )}
      {wanted !== null && (
        <RestoreDialog
          of={of}
          number={wanted.number}
          part={wanted.part}
          onClose={() => setWanted(null)}
          onRestored={(result) => {
            setWanted(null);
            setDone(result);
          }}
        />
      )}
    </>
  );
}
