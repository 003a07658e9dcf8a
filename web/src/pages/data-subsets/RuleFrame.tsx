import { Button, Card, Checkbox, makeStyles, tokens } from "@fluentui/react-components";
import { DeleteRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";

import { Choice } from "../../parts/Choice";

const useStyles = makeStyles({
  root: { rowGap: tokens.spacingVerticalS },
  head: {
    display: "flex",
    justifyContent: "space-between",
    alignItems: "end",
    columnGap: tokens.spacingHorizontalM,
  },
  flags: { display: "flex", flexWrap: "wrap", columnGap: tokens.spacingHorizontalM },
});

/** What rules about keys and about files have in common. */
export interface CommonRule {
  action?: "include" | "exclude";
  recursive?: boolean;
  "delete-if-missing"?: boolean;
  "allow-autorun"?: boolean;
}

interface Props {
  readonly name: string;
  readonly rule: CommonRule;
  /** What is below it: sub-keys or sub-folders. */
  readonly below: string;
  readonly onChange: (part: CommonRule) => void;
  readonly onRemove: () => void;
  readonly children: ReactNode;
}

/** One rule with its switches. */
export function RuleFrame({ name, rule, below, onChange, onRemove, children }: Props) {
  const styles = useStyles();
  const included = rule.action !== "exclude";
  return (
    <Card className={styles.root} role="group" aria-label={name}>
      <div className={styles.head}>
        <Choice
          beside
          label={`${name}: keep or leave out`}
          value={rule.action ?? "include"}
          options={[
            ["include", "Keep"],
            ["exclude", "Leave out"],
          ]}
          onChange={(value) => onChange({ action: value === "exclude" ? "exclude" : "include" })}
        />
        <Button
          appearance="subtle"
          icon={<DeleteRegular />}
          aria-label={`Remove ${name}`}
          onClick={onRemove}
        />
      </div>
      {children}
      <div className={styles.flags}>
        <Checkbox
          label={`With ${below}`}
          checked={rule.recursive ?? true}
          onChange={(_, data) => onChange({ recursive: data.checked === true })}
        />
        {included && (
          <>
            <Checkbox
              label="Delete at import what is not in the data set"
              checked={rule["delete-if-missing"] ?? false}
              onChange={(_, data) => onChange({ "delete-if-missing": data.checked === true })}
            />
            <Checkbox
              label="Also what starts programs"
              checked={rule["allow-autorun"] ?? false}
              onChange={(_, data) => onChange({ "allow-autorun": data.checked === true })}
            />
          </>
        )}
      </div>
    </Card>
  );
}
