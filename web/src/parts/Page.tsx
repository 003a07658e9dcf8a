import { makeStyles, Text, Title2, tokens } from "@fluentui/react-components";
import { useEffect, type ReactNode } from "react";

const useStyles = makeStyles({
  root: {
    display: "flex",
    flexDirection: "column",
    rowGap: tokens.spacingVerticalL,
    padding: `${tokens.spacingVerticalXL} ${tokens.spacingHorizontalXXL} ${tokens.spacingVerticalXXXL}`,
    maxWidth: "1800px",
    "@media (max-width: 600px)": {
      paddingLeft: tokens.spacingHorizontalL,
      paddingRight: tokens.spacingHorizontalL,
    },
  },
  about: { color: tokens.colorNeutralForeground2, maxWidth: "80ch" },
  head: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalXS },
});

interface Props {
  readonly title: string;
  /** What the page is for, in a sentence. */
  readonly about?: ReactNode;
  readonly children: ReactNode;
}

/** A page with its heading, which is the window's title as well. */
export function Page({ title, about, children }: Props) {
  const styles = useStyles();
  useEffect(() => {
    document.title = `${title} – MetaProfiles`;
  }, [title]);
  return (
    <div className={styles.root}>
      <div className={styles.head}>
        <Title2 as="h1">{title}</Title2>
        {about !== undefined && <Text className={styles.about}>{about}</Text>}
      </div>
      {children}
    </div>
  );
}
