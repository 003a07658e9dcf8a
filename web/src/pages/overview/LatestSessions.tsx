import { Card, makeStyles, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { userSessions } from "../../api/activity";
import { Ago } from "../../parts/Ago";
import { Loaded } from "../../parts/Loaded";
import { OutcomeBadge } from "../../parts/OutcomeBadge";
import { PageLink } from "../../parts/PageLink";

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0, display: "grid", rowGap: tokens.spacingVerticalS },
  item: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) auto auto",
    columnGap: tokens.spacingHorizontalM,
    alignItems: "center",
  },
  sid: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
});

/** The sessions that were seen last. */
export function LatestSessions() {
  const styles = useStyles();
  const last = useQuery({
    queryKey: ["user-sessions", "last"],
    queryFn: () => userSessions({ limit: 6 }),
    refetchInterval: 15_000,
  });
  return (
    <Card>
      <Subtitle2 as="h2">Latest sessions</Subtitle2>
      <Loaded query={last} what="sessions">
        {({ items: sessions }) =>
          sessions.length === 0 ? (
            <Text>No session was reported yet.</Text>
          ) : (
            <ul className={styles.list}>
              {sessions.map((session) => (
                <li key={session.id} className={styles.item}>
                  <span className={styles.sid}>
                    <PageLink to={`/sessions/${session.id}`}>
                      {session.host}, {session.sid}
                    </PageLink>
                  </span>
                  <OutcomeBadge outcome={session.outcome} />
                  <Text size={200}>
                    <Ago time={session.started} />
                  </Text>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
