import { makeStyles, mergeClasses, ProgressBar, Text, tokens } from "@fluentui/react-components";
import { WarningFilled } from "@fluentui/react-icons";

import type { StorageStatus } from "../../api/storageStatus";
import { spaceText, taken } from "./space";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalXS, maxWidth: "240px" },
  line: { display: "flex", alignItems: "center", columnGap: tokens.spacingHorizontalXS },
  low: { color: tokens.colorStatusWarningForeground1 },
});

interface Props {
  /** Name of the Storage Server. */
  readonly server: string;
  readonly status: StorageStatus | undefined;
}

/** How much room a Storage Server has. */
export function Space({ server, status }: Props) {
  const styles = useStyles();
  const [text, part] = [spaceText(status), taken(status)];
  if (text === null) return <Text>–</Text>;
  const low = status?.low === true;
  return (
    <span className={styles.root}>
      <span className={mergeClasses(styles.line, low && styles.low)}>
        {low && <WarningFilled aria-label="Little space" />}
        <Text size={200}>{text}</Text>
      </span>
      {part !== null && (
        <ProgressBar
          aria-label={`Space taken on ${server}`}
          value={part}
          thickness="large"
          color={low ? "warning" : "brand"}
        />
      )}
    </span>
  );
}
