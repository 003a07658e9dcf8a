import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { diffLines } from "diff";

const useStyles = makeStyles({
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

interface Props {
  readonly before: string;
  readonly after: string;
}

/** What is different between two texts, line by line. */
export function LineDifference({ before, after }: Props) {
  const styles = useStyles();
  return (
    <pre className={styles.text}>
      {diffLines(before, after).map((part, index) => (
        <span
          key={index}
          className={mergeClasses(styles.line, part.added && styles.added, part.removed && styles.removed)}
        >
          {part.value
            .replace(/\n$/, "")
            .split("\n")
            .map((line) => `${part.added ? "+" : part.removed ? "-" : " "} ${line}`)
            .join("\n")}
        </span>
      ))}
    </pre>
  );
}
