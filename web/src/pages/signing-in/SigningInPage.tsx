import { makeStyles, tokens } from "@fluentui/react-components";

import { Page } from "../../parts/Page";
import { DirectoryCard } from "./DirectoryCard";
import { OpenidCard } from "./OpenidCard";
import { PolicyCard } from "./PolicyCard";

const useStyles = makeStyles({
  cards: {
    display: "flex",
    flexDirection: "column",
    rowGap: tokens.spacingVerticalL,
    maxWidth: "900px",
  },
});

/** How people sign in to the console. */
export default function SigningInPage() {
  const styles = useStyles();
  return (
    <Page title="Signing in" about="What the farm wants of those who sign in to the console.">
      <div className={styles.cards}>
        <PolicyCard />
        <DirectoryCard />
        <OpenidCard />
      </div>
    </Page>
  );
}
