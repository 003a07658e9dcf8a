import { Badge, makeStyles, MessageBar, MessageBarBody, Text, tokens } from "@fluentui/react-components";

import type { Amount, SubsetTrial, TriedRule } from "../../api/trials";
import { Code } from "../../parts/Code";
import { DataTable, type Column } from "../../parts/DataTable";
import { bytesOf } from "../../parts/times";
import { setName } from "../users/data-sets/items";
import { amountText } from "./amounts";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
  some: { color: tokens.colorPaletteRedForeground1 },
});

type TrialNote = SubsetTrial["notes"][number];

function Some({ amount }: { readonly amount: Amount }) {
  const styles = useStyles();
  const text = amountText(amount);
  return text === null ? "–" : <span className={styles.some}>{text}</span>;
}

const rules: Column<TriedRule>[] = [
  {
    title: "Rule",
    width: "34%",
    cell: (rule) => (
      <>
        {rule.rule.replace(/^exclude /, "")} {rule.excludes && <Badge appearance="outline">leave out</Badge>}
      </>
    ),
  },
  { title: "Keeps", cell: (rule) => amountText(rule.kept) ?? "–" },
  {
    title: "As a data set",
    width: "110px",
    cell: (rule) => (rule["compressed-bytes"] === 0 ? "–" : bytesOf(rule["compressed-bytes"])),
  },
  { title: "Refused", cell: (rule) => <Some amount={rule.refused} /> },
  { title: "Leaves out", cell: (rule) => amountText(rule["left-out"]) ?? "–" },
];

const notes: Column<TrialNote>[] = [
  { title: "Place", cell: (note) => note.place },
  { title: "Why", cell: (note) => note.text },
  { title: "Code", width: "120px", cell: (note) => <Code code={note.code} /> },
];

interface Props {
  readonly trial: SubsetTrial;
  /** Whether the data subset is another one by now. */
  readonly changed: boolean;
}

/** What came out of a trial. */
export function TrialResult({ trial, changed }: Props) {
  const styles = useStyles();
  const of = trial["data-sets"].map((set) => `${setName(set.scope)}, version ${set.version}`);
  const kept = amountText(trial.kept);
  return (
    <div className={styles.root}>
      {changed && (
        <MessageBar intent="warning">
          <MessageBarBody>The rules have been changed since. Test again.</MessageBarBody>
        </MessageBar>
      )}
      {(trial.dirty || trial.damage > 0) && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            {trial.dirty && "The hive was copied while it was in use: newer data are in its logs. "}
            {trial.damage > 0 && `${trial.damage} damaged parts of the hive were left out.`}
          </MessageBarBody>
        </MessageBar>
      )}
      <Text weight="semibold" role="status">
        {kept === null
          ? "Nothing would be kept."
          : `${kept} would be kept: a data set of ${bytesOf(trial["compressed-bytes"])}.`}
      </Text>
      <Text size={200}>
        {of.length === 0 ? "Of the hive, which holds no files." : `Of ${of.join(", and of ")}.`}
      </Text>
      <DataTable
        label="Rules tried"
        columns={rules}
        rows={trial.rules}
        id={(rule) => String(trial.rules.indexOf(rule))}
      />
      {trial.notes.length > 0 && (
        <>
          <DataTable
            label="What is left out, and why"
            columns={notes}
            rows={trial.notes}
            id={(note) => String(trial.notes.indexOf(note))}
          />
          {trial["more-notes"] > 0 && <Text>and {trial["more-notes"]} more</Text>}
        </>
      )}
    </div>
  );
}
