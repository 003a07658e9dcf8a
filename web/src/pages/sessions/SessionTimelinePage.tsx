import { makeStyles, MessageBar, MessageBarBody, MessageBarTitle, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { userSession } from "../../api/activity";
import { sentence } from "../../api/problem";
import { Facts } from "../../parts/Facts";
import { Loaded } from "../../parts/Loaded";
import { OutcomeBadge, outcomes } from "../../parts/OutcomeBadge";
import { Page } from "../../parts/Page";
import { PageLink } from "../../parts/PageLink";
import { lengthOf, momentOf } from "../../parts/times";
import { ReportCard } from "./ReportCard";

const useStyles = makeStyles({
  facts: { maxWidth: "720px" },
  timeline: {
    listStyleType: "none",
    margin: 0,
    padding: 0,
    display: "flex",
    flexDirection: "column",
    rowGap: tokens.spacingVerticalL,
  },
});

/** What happened to this user, and why. */
export function SessionTimelinePage({ id }: { readonly id: string }) {
  const styles = useStyles();
  const session = useQuery({
    queryKey: ["user-sessions", "one", id],
    queryFn: () => userSession(id),
    refetchInterval: 15_000,
  });
  const host = session.data?.host;
  return (
    <Page title={host === undefined ? "Session" : `Session on ${host}`}>
      <PageLink to="/sessions">All sessions</PageLink>
      <Loaded query={session} what="the session">
        {(data) => (
          <>
            {data["next-step"] != null && (
              <MessageBar
                intent={outcomes[data.outcome].color === "danger" ? "error" : "info"}
                layout="multiline"
              >
                <MessageBarBody>
                  <MessageBarTitle>{outcomes[data.outcome].word}</MessageBarTitle>
                  {sentence(data["next-step"])}
                </MessageBarBody>
              </MessageBar>
            )}
            <div className={styles.facts}>
              <Facts
                facts={[
                  [
                    "User",
                    <PageLink key="user" to={`/users/${data.sid}`}>
                      {data.user == null ? data.sid : `${data.user}, ${data.sid}`}
                    </PageLink>,
                  ],
                  ["Outcome", <OutcomeBadge key="outcome" outcome={data.outcome} />],
                  ["Begun", momentOf(data.started)],
                  ["Last heard of", momentOf(data.last)],
                  [
                    "Added to the logon",
                    data["logon-ms"] == null ? "not reported" : lengthOf(data["logon-ms"]),
                  ],
                  ["Decided by merging", data.overridden.toLocaleString()],
                ]}
              />
            </div>
            <ol className={styles.timeline} aria-label="Timeline">
              {data.timeline.map((report) => (
                <li key={report.id}>
                  <ReportCard report={report} />
                </li>
              ))}
            </ol>
          </>
        )}
      </Loaded>
    </Page>
  );
}
