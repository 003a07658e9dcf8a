import { Field, Input } from "@fluentui/react-components";

interface Props {
  readonly code: string;
  readonly onChange: (code: string) => void;
}

/** The code of a second factor. */
export function CodeField({ code, onChange }: Props) {
  return (
    <Field
      label="Code"
      required
      hint="Six digits from your authenticator; or one of your recovery codes, if it is lost"
    >
      <Input
        name="code"
        autoComplete="one-time-code"
        autoFocus
        value={code}
        onChange={(_, data) => onChange(data.value)}
      />
    </Field>
  );
}
