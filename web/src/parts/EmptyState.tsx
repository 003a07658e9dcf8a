import { makeStyles, Subtitle2, Text, tokens } from "@fluentui/react-components";
import type { FluentIcon } from "@fluentui/react-icons";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  root: {
    display: "flex",
    flexDirection: "column",
    alignItems: "center",
    textAlign: "center",
    rowGap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalXXXL} ${tokens.spacingHorizontalL}`,
    maxWidth: "560px",
    margin: "0 auto",
  },
  icon: { fontSize: "40px", color: tokens.colorBrandForeground1 },
  text: { color: tokens.colorNeutralForeground2 },
  actions: { display: "flex", columnGap: tokens.spacingHorizontalS },
});

interface Props {
  readonly icon?: FluentIcon;
  readonly title: string;
  /** What to do. */
  readonly children: ReactNode;
  readonly actions?: ReactNode;
}

/** Where there is nothing yet: why, and what to do. */
export function EmptyState({ icon: Icon, title, children, actions }: Props) {
  const styles = useStyles();
  return (
    <div className={styles.root}>
      {Icon !== undefined && <Icon className={styles.icon} aria-hidden />}
      <Subtitle2 as="h2">{title}</Subtitle2>
      <Text align="center" className={styles.text}>
        {children}
      </Text>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
