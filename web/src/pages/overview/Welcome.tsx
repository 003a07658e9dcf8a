import { Button, Card, makeStyles, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { RocketRegular } from "@fluentui/react-icons";
import { useNavigate } from "react-router";

import type { Overview } from "../../api/activity";
import { useMay } from "../../parts/useSession";

const useStyles = makeStyles({
  card: {
    flexDirection: "row",
    alignItems: "center",
    flexWrap: "wrap",
    columnGap: tokens.spacingHorizontalL,
  },
  icon: { fontSize: "32px", color: tokens.colorBrandForeground1 },
  text: {
    flexGrow: 1,
    flexBasis: "320px",
    display: "flex",
    flexDirection: "column",
    rowGap: tokens.spacingVerticalXS,
  },
});

/** For a farm in which no session was seen yet. */
export function Welcome({ farm }: { readonly farm: Overview }) {
  const styles = useStyles();
  const navigate = useNavigate();
  const may = useMay()("configure");
  const empty = farm["storage-servers"] === 0;
  return (
    <Card className={styles.card}>
      <RocketRegular className={styles.icon} aria-hidden />
      <div className={styles.text}>
        <Subtitle2 as="h2">{empty ? "This farm is empty" : "This farm has seen no session yet"}</Subtitle2>
        <Text>From here to the first logon it takes a few steps, and some minutes.</Text>
      </div>
      {may && (
        <Button appearance="primary" onClick={() => void navigate("/set-up")}>
          {empty ? "Set up the farm" : "Go on setting up"}
        </Button>
      )}
    </Card>
  );
}
