import { Field, SpinButton } from "@fluentui/react-components";

import { numberOf } from "./numbers";
import { OptionalNumber } from "./OptionalNumber";

/** Which former versions of data sets stay. */
export interface Retention {
  "keep-versions"?: number;
  "keep-days"?: number | null;
  "keep-bytes"?: number | null;
}

interface Props {
  readonly value: Retention;
  readonly onChange: (part: Retention) => void;
}

const MEBIBYTE = 1_048_576;

/** The fields of what a Storage Server, or a group, keeps of former versions. */
export function RetentionFields({ value, onChange }: Props) {
  return (
    <>
      <Field
        label="Former versions kept"
        hint="Of each user's data set, 1 to 1000. The newest one stays always."
      >
        <SpinButton
          min={1}
          max={1000}
          value={value["keep-versions"] ?? null}
          onChange={(_, data) => onChange({ "keep-versions": numberOf(data) })}
        />
      </Field>
      <OptionalNumber
        label="Former versions kept for days"
        hint="Empty for any age."
        value={value["keep-days"]}
        most={36_500}
        onChange={(days) => onChange({ "keep-days": days })}
      />
      <OptionalNumber
        label="Bytes of former versions kept"
        hint="Of each user's data set, all together. Empty for any size."
        value={value["keep-bytes"]}
        most={Number.MAX_SAFE_INTEGER}
        step={MEBIBYTE}
        onChange={(bytes) => onChange({ "keep-bytes": bytes })}
      />
    </>
  );
}

/** What is kept, as a person reads it. */
export function describeRetention(value: Retention): string {
  const days = value["keep-days"];
  const bytes = value["keep-bytes"];
  const parts = [
    `the newest ${value["keep-versions"] ?? 5}`,
    ...(days == null ? [] : [`of ${days} days`]),
    ...(bytes == null ? [] : [`of ${bytes.toLocaleString()} bytes`]),
  ];
  return parts.join(", ");
}
