import { Card, makeStyles, Subtitle2, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { overview } from "../../api/activity";
import { Loaded } from "../../parts/Loaded";
import { Page } from "../../parts/Page";
import { Attention } from "./Attention";
import { LogonChart } from "./LogonChart";
import { LatestSessions } from "./LatestSessions";
import { Tiles } from "./Tiles";
import { Welcome } from "./Welcome";

const useStyles = makeStyles({
  columns: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 3fr) minmax(0, 2fr)",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    "@media (max-width: 1100px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  column: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalL },
});

/** The farm on one screen. */
export default function OverviewPage() {
  const styles = useStyles();
  const farm = useQuery({ queryKey: ["overview"], queryFn: overview, refetchInterval: 15_000 });
  return (
    <Page title="Overview">
      <Loaded query={farm} what="the overview">
        {(data) => (
          <>
            {!data["any-session"] && <Welcome farm={data} />}
            <Tiles farm={data} />
            <div className={styles.columns}>
              <Card>
                <Subtitle2 as="h2">Logons of the last 24 hours</Subtitle2>
                <LogonChart hours={data.hours} />
              </Card>
              <div className={styles.column}>
                <Attention farm={data} />
                <LatestSessions />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}
