import { makeStyles, Tab, TabList } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "react-router";

import { user } from "../../api/activity";
import { Ago } from "../../parts/Ago";
import { EmptyState } from "../../parts/EmptyState";
import { Facts } from "../../parts/Facts";
import { Loaded } from "../../parts/Loaded";
import { Page } from "../../parts/Page";
import { PageLink } from "../../parts/PageLink";
import { momentOf } from "../../parts/times";
import { SessionTable } from "../sessions/SessionTable";
import { DataSets } from "./data-sets/DataSets";

const useStyles = makeStyles({ facts: { maxWidth: "720px" } });

interface Props {
  readonly sid: string;
  readonly tab: "sessions" | "data-sets";
}

/** One user: his sessions, and his data sets with their versions. */
export function UserPage({ sid, tab }: Props) {
  const navigate = useNavigate();
  return (
    <Page title={sid}>
      <PageLink to="/users">All users</PageLink>
      <TabList
        selectedValue={tab}
        aria-label="About this user"
        onTabSelect={(_, data) =>
          void navigate(`/users/${sid}${data.value === "data-sets" ? "/data-sets" : ""}`)
        }
      >
        <Tab value="sessions">Sessions</Tab>
        <Tab value="data-sets">Data sets</Tab>
      </TabList>
      {tab === "sessions" ? <Sessions sid={sid} /> : <DataSets sid={sid} />}
    </Page>
  );
}

function Sessions({ sid }: { readonly sid: string }) {
  const styles = useStyles();
  const found = useQuery({ queryKey: ["users", "one", sid], queryFn: () => user(sid) });
  return (
    <Loaded query={found} what="the user">
      {(data) => (
        <>
          <div className={styles.facts}>
            <Facts
              facts={[
                ["Name", data.name == null ? "not known" : `${data.name}, ${data["display-name"] ?? ""}`],
                ["Last session", <Ago key="last" time={data["last-seen"]} />],
                ["On", data["last-host"]],
                ["First seen", momentOf(data["first-seen"])],
                ["Sessions", data.sessions.toLocaleString()],
              ]}
            />
          </div>
          <SessionTable
            query={{ sid }}
            without="User"
            empty={
              <EmptyState title="No session is kept any more">They are kept for some months only.</EmptyState>
            }
          />
        </>
      )}
    </Loaded>
  );
}
