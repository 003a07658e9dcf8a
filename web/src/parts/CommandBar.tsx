import { makeStyles, SearchBox, Toolbar, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  root: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    rowGap: tokens.spacingVerticalS,
    columnGap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalS}`,
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  commands: { padding: 0, flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  search: {
    marginLeft: "auto",
    minWidth: "260px",
    "@media (max-width: 600px)": { marginLeft: 0, flexGrow: 1 },
  },
});

interface Props {
  readonly label: string;
  /** Buttons for the toolbar. */
  readonly children: ReactNode;
  readonly search?: {
    readonly text: string;
    readonly onChange: (text: string) => void;
    readonly label: string;
  };
}

/** What can be done on a page, and its search. */
export function CommandBar({ label, children, search }: Props) {
  const styles = useStyles();
  return (
    <div className={styles.root}>
      <Toolbar aria-label={label} className={styles.commands}>
        {children}
      </Toolbar>
      {search !== undefined && (
        <SearchBox
          className={styles.search}
          placeholder={search.label}
          aria-label={search.label}
          value={search.text}
          onChange={(_, data) => search.onChange(data.value)}
        />
      )}
    </div>
  );
}
