import { makeStyles, Subtitle2 } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { user } from "../../api/activity";
import { Ago } from "../../parts/Ago";
import { EmptyState } from "../../parts/EmptyState";
import { Facts } from "../../parts/Facts";
import { Loaded } from "../../parts/Loaded";
import { Page } from "../../parts/Page";
import { PageLink } from "../../parts/PageLink";
import { momentOf } from "../../parts/times";
import { SessionTable } from "../sessions/SessionTable";

const useStyles = makeStyles({ facts: { maxWidth: "720px" } });

/** One user and his sessions. */
export function UserPage({ sid }: { readonly sid: string }) {
  const styles = useStyles();
  const found = useQuery({ queryKey: ["users", "one", sid], queryFn: () => user(sid) });
  return (
    <Page title={sid}>
      <PageLink to="/users">All users</PageLink>
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
            <Subtitle2 as="h2">Sessions</Subtitle2>
            <SessionTable
              query={{ sid }}
              without="User"
              empty={
                <EmptyState title="No session is kept any more">
                  They are kept for some months only.
                </EmptyState>
              }
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}
