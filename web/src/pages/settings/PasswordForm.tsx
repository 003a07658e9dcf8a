import { Button, makeStyles, MessageBar, MessageBarBody, tokens } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { changePassword } from "../../api/session";
import { PasswordField } from "../../parts/PasswordField";
import { ProblemBar } from "../../parts/ProblemBar";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
  submit: { alignSelf: "flex-start" },
});

interface Props {
  /** Whose password. */
  readonly name: string;
  readonly onChanged?: () => void;
}

/** Changes one's own password. */
export function PasswordForm({ name, onChanged }: Props) {
  const styles = useStyles();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const change = useMutation({
    mutationFn: () => changePassword(current, next),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      setAgain("");
      onChanged?.();
    },
  });
  const short = next !== "" && next.length < 12;
  const differs = again !== "" && again !== next;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <ProblemBar error={change.error} title="The password is not changed" />
      {change.isSuccess && (
        <MessageBar intent="success">
          <MessageBarBody>The password is changed. Your other sessions are over.</MessageBarBody>
        </MessageBar>
      )}
      {/* Password managers want to know whose it is. */}
      <input type="text" autoComplete="username" value={name} readOnly hidden />
      <PasswordField label="Present password" required present value={current} onChange={setCurrent} />
      <PasswordField
        label="New password"
        required
        hint="12 to 256 characters"
        wrong={short ? "That is shorter than 12 characters." : undefined}
        value={next}
        onChange={setNext}
      />
      <PasswordField
        label="New password again"
        required
        wrong={differs ? "That is not the same." : undefined}
        value={again}
        onChange={setAgain}
      />
      <Button
        className={styles.submit}
        type="submit"
        appearance="primary"
        disabled={change.isPending || current === "" || next.length < 12 || next !== again}
      >
        Change password
      </Button>
    </form>
  );
}
