import { makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  root: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
});

/** Buttons beside each other, in as many lines as they need. */
export function Buttons({ children }: { readonly children: ReactNode }) {
  return <div className={useStyles().root}>{children}</div>;
}
