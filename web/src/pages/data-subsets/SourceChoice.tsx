import { Field, makeStyles, Radio, RadioGroup, tokens } from "@fluentui/react-components";
import { useState } from "react";

import { UserChoice } from "../../parts/UserChoice";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalS },
});

/** Whose data a data subset is picked from, or tried on. */
export type Sample =
  | { readonly kind: "user"; readonly sid: string }
  | { readonly kind: "hive"; readonly name: string; readonly hive: string };

interface Props {
  readonly sample: Sample | null;
  readonly onChange: (sample: Sample | null) => void;
}

/** A file in base64. */
async function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(reader.error ?? new Error(`${file.name} cannot be read`));
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ""));
    reader.readAsDataURL(file);
  });
}

/** A user whose data are stored, or a hive on this machine. */
export function SourceChoice({ sample, onChange }: Props) {
  const styles = useStyles();
  const [asked, setAsked] = useState<Sample["kind"]>("user");
  // It may have been chosen elsewhere.
  const kind = sample?.kind ?? asked;
  const [unread, setUnread] = useState<string | null>(null);
  return (
    <div className={styles.root}>
      <RadioGroup
        layout="horizontal"
        aria-label="Whose data"
        value={kind}
        onChange={(_, data) => {
          setAsked(data.value === "hive" ? "hive" : "user");
          onChange(null);
        }}
      >
        <Radio value="user" label="A user's stored data" />
        <Radio value="hive" label="A sample hive" />
      </RadioGroup>
      {kind === "user" ? (
        <UserChoice
          sid={sample?.kind === "user" ? sample.sid : ""}
          onChange={(sid) => onChange(sid === "" ? null : { kind: "user", sid })}
        />
      ) : (
        <Field
          label="Hive"
          hint={
            sample?.kind === "hive"
              ? `${sample.name} is read; the console keeps nothing of it.`
              : "The NTUSER.DAT of a user who is logged off, at most 32 MB. The console keeps nothing of it."
          }
          validationMessage={unread}
        >
          <input
            type="file"
            aria-label="Hive"
            accept=".dat,.man,.hiv"
            onChange={(event) => {
              const file = event.target.files?.[0];
              setUnread(null);
              onChange(null);
              if (file === undefined) return;
              base64Of(file).then(
                (hive) => onChange({ kind: "hive", name: file.name, hive }),
                (error: unknown) => setUnread(String(error)),
              );
            }}
          />
        </Field>
      )}
    </div>
  );
}
