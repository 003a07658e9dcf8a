import { Badge, Card, makeStyles, mergeClasses, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { diffLines } from "diff";

import type { Changed } from "../../api/configuration";

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
  text: {
    margin: 0,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
  line: { display: "block", paddingLeft: tokens.spacingHorizontalS },
  added: { backgroundColor: tokens.colorPaletteGreenBackground1 },
  removed: { backgroundColor: tokens.colorPaletteRedBackground1 },
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
                <pre className={styles.text}>
                  {diffLines(difference.before ?? "", difference.after ?? "").map((part, index) => (
                    <span
                      key={index}
                      className={mergeClasses(
                        styles.line,
                        part.added && styles.added,
                        part.removed && styles.removed,
                      )}
                    >
                      {part.value
                        .replace(/\n$/, "")
                        .split("\n")
                        .map((line) => `${part.added ? "+" : part.removed ? "-" : " "} ${line}`)
                        .join("\n")}
                    </span>
                  ))}
                </pre>
              )}
              {difference.action === "moved" && <Text>It says the same, at another place of the list.</Text>}
            </Card>
          </li>
        ))}
      </ul>
    </>
  );
}
