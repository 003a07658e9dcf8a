import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  root: {
    display: "grid",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    gridTemplateColumns: "minmax(240px, 340px) minmax(0, 1fr)",
    "@media (max-width: 899px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  halves: {
    gridTemplateColumns: "minmax(0, 1fr) minmax(0, 1fr)",
    minHeight: "320px",
    "@media (max-width: 899px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
});

interface Props {
  /** Whether both have the same width. */
  readonly halves?: boolean;
  readonly children: ReactNode;
}

/** A tree and what is chosen in it: beside each other, or below in a narrow window. */
export function SplitView({ halves = false, children }: Props) {
  const styles = useStyles();
  return <div className={mergeClasses(styles.root, halves && styles.halves)}>{children}</div>;
}
