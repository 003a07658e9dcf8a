import {
  Button,
  Field,
  Input,
  makeStyles,
  Subtitle2,
  Text,
  Textarea,
  tokens,
} from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";

import { Choice } from "../../parts/Choice";
import { RuleFrame } from "./RuleFrame";
import { folders, linesOf, type FolderRule, type RegistryRule } from "./subset";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalS },
  add: { alignSelf: "flex-start" },
});

interface Props<T> {
  readonly rules: readonly T[];
  readonly onChange: (rules: T[]) => void;
}

/** A list with one of its members changed, or removed by null. */
export function replaced<T>(list: readonly T[], index: number, part: Partial<T> | null): T[] {
  if (part === null) return list.filter((_, at) => at !== index);
  return list.map((each, at) => (at === index ? { ...each, ...part } : each));
}

/** Rules about keys and values. */
export function RegistryRules({ rules, onChange }: Props<RegistryRule>) {
  const styles = useStyles();
  return (
    <section className={styles.root} aria-label="Registry">
      <Subtitle2 as="h3">Registry</Subtitle2>
      <Text size={200}>
        Keys below HKEY_CURRENT_USER. The deepest rule wins; of two equally deep ones, leaving out.
      </Text>
      {rules.map((rule, index) => {
        const name = `Registry rule ${index + 1}`;
        const change = (part: Partial<RegistryRule>) => onChange(replaced(rules, index, part));
        return (
          <RuleFrame
            key={`${index} of ${rules.length}`}
            name={name}
            rule={rule}
            below="sub-keys"
            onChange={change}
            onRemove={() => onChange(replaced(rules, index, null))}
          >
            <Field label="Key" required hint="* and ? match within one name.">
              <Input
                value={rule.key}
                placeholder="Software\Microsoft\Office"
                onChange={(_, data) => change({ key: data.value })}
              />
            </Field>
            <Field
              label="Only these values"
              hint="One in a line, with * and ?; the default value is @. Empty for all."
            >
              <Textarea
                rows={2}
                defaultValue={(rule.values ?? []).join("\n")}
                onChange={(_, data) => change({ values: linesOf(data.value) })}
              />
            </Field>
          </RuleFrame>
        );
      })}
      <Button
        className={styles.add}
        icon={<AddRegular />}
        onClick={() => onChange([...rules, { key: "", action: "include", recursive: true }])}
      >
        Add a key
      </Button>
    </section>
  );
}

/** Rules about the files of special folders. */
export function FolderRules({ rules, onChange }: Props<FolderRule>) {
  const styles = useStyles();
  const known = folders.map((folder) => [folder, folder] as const);
  return (
    <section className={styles.root} aria-label="Folders">
      <Subtitle2 as="h3">Folders</Subtitle2>
      <Text size={200}>Files of the user&apos;s special folders, wherever these are.</Text>
      {rules.map((rule, index) => {
        const name = `Folder rule ${index + 1}`;
        const change = (part: Partial<FolderRule>) => onChange(replaced(rules, index, part));
        return (
          <RuleFrame
            key={`${index} of ${rules.length}`}
            name={name}
            rule={rule}
            below="sub-folders"
            onChange={change}
            onRemove={() => onChange(replaced(rules, index, null))}
          >
            <Choice
              label="Special folder"
              value={rule.folder}
              options={known}
              onChange={(folder) => change({ folder })}
            />
            <Field label="Path below it" hint="Empty for the folder itself; * and ? match within one name.">
              <Input
                value={rule.path ?? ""}
                placeholder="Microsoft\Signatures"
                onChange={(_, data) => change({ path: data.value })}
              />
            </Field>
            <Field label="Only these files" hint="One mask in a line, such as *.json. Empty for all.">
              <Textarea
                rows={2}
                defaultValue={(rule.masks ?? []).join("\n")}
                onChange={(_, data) => change({ masks: linesOf(data.value) })}
              />
            </Field>
          </RuleFrame>
        );
      })}
      <Button
        className={styles.add}
        icon={<AddRegular />}
        onClick={() =>
          onChange([...rules, { folder: "RoamingAppData", path: "", action: "include", recursive: true }])
        }
      >
        Add a folder
      </Button>
    </section>
  );
}
