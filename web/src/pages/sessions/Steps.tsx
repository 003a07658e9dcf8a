import { makeStyles, Text, tokens } from "@fluentui/react-components";

import type { SessionReport } from "../../api/activity";
import { lengthOf } from "../../parts/times";

const useStyles = makeStyles({
  root: {
    display: "grid",
    gridTemplateColumns: "minmax(110px, 200px) minmax(80px, 1fr) 80px",
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
    alignItems: "center",
    listStyleType: "none",
    margin: 0,
    padding: 0,
  },
  row: { display: "contents" },
  track: {
    height: "12px",
    backgroundColor: tokens.colorNeutralBackground4,
    borderRadius: tokens.borderRadiusSmall,
  },
  bar: {
    height: "100%",
    minWidth: "2px",
    backgroundColor: tokens.colorBrandBackground,
    borderRadius: tokens.borderRadiusSmall,
  },
  time: { textAlign: "right", fontVariantNumeric: "tabular-nums" },
});

interface Props {
  readonly steps: SessionReport["steps"];
  /** Of the whole, in milliseconds. */
  readonly duration: number;
}

/** The steps of the work, each where it lay in time. */
export function Steps({ steps, duration }: Props) {
  const styles = useStyles();
  const whole = Math.max(duration, 1, ...steps.map((step) => step["start-ms"] + step.ms));
  if (steps.length === 0) return null;
  return (
    <ol className={styles.root} aria-label="Steps">
      {steps.map((step) => (
        <li key={`${step.name} ${step["start-ms"]}`} className={styles.row}>
          <Text>{step.name}</Text>
          <div className={styles.track} aria-hidden>
            <div
              className={styles.bar}
              style={{
                marginLeft: `${(step["start-ms"] / whole) * 100}%`,
                width: `${(step.ms / whole) * 100}%`,
              }}
            />
          </div>
          <Text className={styles.time}>{lengthOf(step.ms)}</Text>
        </li>
      ))}
    </ol>
  );
}
