import { Field, SpinButton } from "@fluentui/react-components";

import { numberOf } from "./numbers";

interface Props {
  readonly label: string;
  readonly hint: string;
  readonly value: number | null | undefined;
  readonly most: number;
  readonly step?: number;
  readonly onChange: (value: number | null) => void;
}

/** A number that may be none: an empty field, or 0. */
export function OptionalNumber({ label, hint, value, most, step = 1, onChange }: Props) {
  return (
    <Field label={label} hint={hint}>
      <SpinButton
        min={0}
        max={most}
        step={step}
        value={value ?? null}
        displayValue={value == null ? "" : String(value)}
        onChange={(_, data) => {
          const number = numberOf(data);
          onChange(number === undefined || number === 0 ? null : number);
        }}
      />
    </Field>
  );
}
