import { Button, makeStyles, Text, tokens, Tooltip } from "@fluentui/react-components";
import { CheckmarkRegular, CopyRegular } from "@fluentui/react-icons";
import { useState } from "react";

const useStyles = makeStyles({
  root: {
    display: "flex",
    alignItems: "flex-start",
    columnGap: tokens.spacingHorizontalS,
    padding: tokens.spacingHorizontalS,
    paddingLeft: tokens.spacingHorizontalM,
    backgroundColor: tokens.colorNeutralBackground4,
    borderRadius: tokens.borderRadiusMedium,
  },
  text: {
    flexGrow: 1,
    overflowWrap: "anywhere",
    whiteSpace: "pre-wrap",
    paddingTop: tokens.spacingVerticalXXS,
  },
});

/** A text to be carried elsewhere. */
export function Copyable({ text, label }: { readonly text: string; readonly label: string }) {
  const styles = useStyles();
  const [copied, setCopied] = useState(false);
  const name = copied ? "Copied" : `Copy ${label}`;
  return (
    <div className={styles.root}>
      <Text font="monospace" size={200} className={styles.text} data-testid="copyable">
        {text}
      </Text>
      <Tooltip content={name} relationship="label">
        <Button
          appearance="subtle"
          size="small"
          icon={copied ? <CheckmarkRegular /> : <CopyRegular />}
          onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
        />
      </Tooltip>
    </div>
  );
}
