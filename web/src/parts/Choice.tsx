import { Dropdown, Field, Option } from "@fluentui/react-components";

interface Props {
  readonly label: string;
  readonly value: string;
  /** Value and what a person reads. */
  readonly options: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
  readonly hint?: string;
  /** Label beside the list instead of above it. */
  readonly beside?: boolean;
}

/** One of some. */
export function Choice({ label, value, options, onChange, hint, beside = false }: Props) {
  const shown = options.find(([option]) => option === value)?.[1] ?? value;
  const list = (
    <Dropdown
      value={shown}
      selectedOptions={[value]}
      aria-label={beside ? label : undefined}
      style={beside ? { minWidth: 150 } : undefined}
      onOptionSelect={(_, data) => {
        if (data.optionValue !== undefined) onChange(data.optionValue);
      }}
    >
      {options.map(([option, text]) => (
        <Option key={option} value={option}>
          {text}
        </Option>
      ))}
    </Dropdown>
  );
  if (beside) return list;
  return (
    <Field label={label} hint={hint}>
      {list}
    </Field>
  );
}
