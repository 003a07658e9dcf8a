import {
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Tab,
  TabList,
  Text,
  ToolbarButton,
} from "@fluentui/react-components";
import { ArrowClockwiseRegular, DatabaseRegular, DeleteRegular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import {
  dataSets,
  pin,
  remove,
  versions,
  type DataSetOf,
  type DataSetSummary,
  type Version,
} from "../../../api/dataSets";
import { ProblemError } from "../../../api/problem";
import { Command } from "../../../parts/Command";
import { CommandBar } from "../../../parts/CommandBar";
import { ConfirmDialog } from "../../../parts/ConfirmDialog";
import { EmptyState } from "../../../parts/EmptyState";
import { Loaded } from "../../../parts/Loaded";
import { ProblemBar } from "../../../parts/ProblemBar";
import { scopeName, setName } from "./items";
import { Quarantine } from "./Quarantine";
import { RestoreDialog } from "./RestoreDialog";
import { VersionTable } from "./VersionTable";

/** A user's data sets, one for each scope, with their versions. */
export function DataSets({ sid }: { readonly sid: string }) {
  const found = useQuery({ queryKey: ["data-sets", sid, "all"], queryFn: () => dataSets(sid) });
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <Loaded query={found} what="the data sets">
      {(sets) => {
        const set = sets.find((each) => each.scope === chosen) ?? sets[0];
        if (set === undefined) {
          return (
            <EmptyState icon={DatabaseRegular} title="No data set is kept">
              A data set is stored when a session of this user ends in which something changed that a data
              subset keeps.
            </EmptyState>
          );
        }
        return (
          <>
            <TabList
              size="small"
              aria-label="Data sets"
              selectedValue={set.scope}
              onTabSelect={(_, data) => setChosen(String(data.value))}
            >
              {sets.map((each) => (
                <Tab key={each.scope} value={each.scope}>
                  {scopeName(each.scope)}
                </Tab>
              ))}
            </TabList>
            <OneDataSet
              key={set.scope}
              of={{ sid, scope: set.scope }}
              set={set}
              again={() => void found.refetch()}
            />
          </>
        );
      }}
    </Loaded>
  );
}

interface Props {
  readonly of: DataSetOf;
  readonly set: DataSetSummary;
  readonly again: () => void;
}

function OneDataSet({ of, set, again }: Props) {
  const problem = set.problem;
  if (problem != null) {
    const error = new ProblemError(problem.code, problem.detail, 503);
    const title = `Storage Server ${set["storage-server"]} does not say`;
    return (
      <>
        <ProblemBar error={error} title={title} />
        <CommandBar label="Data set">
          <ToolbarButton icon={<ArrowClockwiseRegular />} onClick={again}>
            Try again
          </ToolbarButton>
        </CommandBar>
      </>
    );
  }
  return <Versions of={of} server={set["storage-server"]} />;
}

/** What has become the current version. */
interface Done {
  readonly what: "Restored" | "Adopted";
  readonly number: number | null;
}

function Versions({ of, server }: { readonly of: DataSetOf; readonly server: string }) {
  const queries = useQueryClient();
  const [restoring, setRestoring] = useState<Version | null>(null);
  const [deleting, setDeleting] = useState(false);
  const [reason, setReason] = useState("");
  const [done, setDone] = useState<Done | null>(null);
  const list = useQuery({
    queryKey: ["data-sets", of.sid, of.scope, "versions"],
    queryFn: () => versions(of),
  });
  const refresh = () => queries.invalidateQueries({ queryKey: ["data-sets", of.sid] });
  const pinning = useMutation({
    mutationFn: (seen: Version) => pin(of, seen, !seen.pinned),
    // Whatever came of it, what is shown is how it is now.
    onSettled: refresh,
  });
  return (
    <>
      {done !== null && (
        <MessageBar intent="success" layout="multiline">
          <MessageBarBody>
            {done.what}
            {done.number == null ? "" : ` as version ${done.number}`}. The user gets it at the next logon.
          </MessageBarBody>
        </MessageBar>
      )}
      <Text>Kept by Storage Server {server}.</Text>
      <CommandBar label="Data set">
        <ToolbarButton icon={<ArrowClockwiseRegular />} onClick={() => void refresh()}>
          Refresh
        </ToolbarButton>
        <Command
          needs="restore"
          icon={<DeleteRegular />}
          disabled={list.data?.item.every((each) => !each.current) ?? true}
          onClick={() => setDeleting(true)}
        >
          Delete the data set
        </Command>
      </CommandBar>
      <ProblemBar error={pinning.error} title="Not changed" />
      <Loaded query={list} what="the versions">
        {(data) => (
          <>
            <VersionTable
              of={of}
              versions={data.item}
              onRestore={setRestoring}
              onPin={(each) => pinning.mutate(each)}
            />
            {deleting && (
              <ConfirmDialog
                title={`Delete ${setName(of.scope)} of this user?`}
                action="Delete"
                onClose={() => setDeleting(false)}
                onConfirm={async () => {
                  await remove(of, data.etag, reason.trim());
                  await refresh();
                }}
              >
                <Text block>
                  At the next logon the user starts from the mandatory profile. The versions stay as former
                  ones until retention takes them; restore one to bring the settings back.
                </Text>
                <Field label="Reason" hint="For the audit log and the list of versions.">
                  <Input value={reason} maxLength={200} onChange={(_, input) => setReason(input.value)} />
                </Field>
              </ConfirmDialog>
            )}
          </>
        )}
      </Loaded>
      <Quarantine of={of} onAdopted={(number) => setDone({ number, what: "Adopted" })} />
      {restoring !== null && (
        <RestoreDialog
          of={of}
          number={restoring.number}
          part={{ kind: "everything" }}
          onClose={() => setRestoring(null)}
          onRestored={(result) => {
            setRestoring(null);
            setDone({ number: result.number ?? null, what: "Restored" });
          }}
        />
      )}
    </>
  );
}
