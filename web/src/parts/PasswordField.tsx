import { Field, Input } from "@fluentui/react-components";

interface Props {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly required?: boolean;
  readonly hint?: string;
  /** What is wrong with it, if anything is. */
  readonly wrong?: string | undefined;
  /** Whether it is one that is there already, which the browser may fill in. */
  readonly present?: boolean;
}

/** Something secret that is typed in. */
export function PasswordField({ label, value, onChange, required, hint, wrong, present = false }: Props) {
  return (
    <Field label={label} required={required ?? false} hint={hint} validationMessage={wrong}>
      <Input
        type="password"
        autoComplete={present ? "current-password" : "new-password"}
        value={value}
        onChange={(_, data) => onChange(data.value)}
      />
    </Field>
  );
}
