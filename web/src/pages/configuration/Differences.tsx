import { Badge, Card, makeStyles, Subtitle2, Text, tokens } from "@fluentui/react-components";

import type { Changed } from "../../api/configuration";
import { LineDifference } from "../../parts/LineDifference";

const useStyles = makeStyles({
  list: {
    listStyleType: "none",
    margin: 0,
    padding: 0,
    display: "flex",
    flexDirection: "column",
    rowGap: tokens.spacingVerticalM,
  },
  head: { display: "flex", alignItems: "center", columnGap: tokens.spacingHorizontalS },
});

const KINDS: Record<Changed["kind"], string> = {
  "storage-server": "Storage Server",
  "agent-server-group": "Agent Server Group",
  "data-subset": "Data subset",
};

const COLORS = { added: "success", changed: "warning", moved: "informative", removed: "danger" } as const;

/** What an import changes, item by item and line by line. */
export function Differences({ differences }: { readonly differences: readonly Changed[] }) {
  const styles = useStyles();
  if (differences.length === 0) return <Text>Nothing would change: this is the present configuration.</Text>;
  return (
    <>
      <Subtitle2 as="h2">What would change</Subtitle2>
      <ul className={styles.list}>
        {differences.map((difference) => (
          <li key={`${difference.kind} ${difference.name}`}>
            <Card>
              <div className={styles.head}>
                <Badge appearance="tint" color={COLORS[difference.action]}>
                  {difference.action}
                </Badge>
                <Text weight="semibold">
                  {KINDS[difference.kind]} {difference.name}
                </Text>
              </div>
              {difference.action !== "moved" && (
                <LineDifference before={difference.before ?? ""} after={difference.after ?? ""} />
              )}
              {difference.action === "moved" && <Text>It says the same, at another place of the list.</Text>}
            </Card>
          </li>
        ))}
      </ul>
    </>
  );
}
