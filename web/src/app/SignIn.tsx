import {
  Button,
  Field,
  Input,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Text,
  tokens,
} from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { ProblemError } from "../api/problem";
import { CODE_NEEDED, signIn, type CurrentSession } from "../api/session";
import { ProblemBar } from "../parts/ProblemBar";
import { CodeField } from "../parts/CodeField";
import { OpenidButton } from "./OpenidButton";
import { SignInCard } from "./SignInCard";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
  hint: { color: tokens.colorNeutralForeground3 },
});

interface Props {
  /** Whether a session was over just now. */
  readonly over: boolean;
  /** Why one was not let in just now, by another way. */
  readonly problem?: unknown;
  readonly onSignedIn: (session: CurrentSession) => void;
}

/** Whether the password was right, and a code is wanted as well. */
export const needsCode = (error: unknown) => error instanceof ProblemError && error.code === CODE_NEEDED;

/** The way in. */
export function SignIn({ over, problem, onSignedIn }: Props) {
  const styles = useStyles();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState(false);
  const begin = useMutation({
    mutationFn: () => signIn(name, password, asked ? code.trim() : ""),
    onSuccess: onSignedIn,
    onError: (error) => {
      if (needsCode(error)) setAsked(true);
      setCode("");
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    begin.mutate();
  };
  return (
    <SignInCard>
      {over && !begin.isError && (
        <MessageBar intent="warning">
          <MessageBarBody>Your session is over. Sign in to go on where you were.</MessageBarBody>
        </MessageBar>
      )}
      {!needsCode(begin.error) && <ProblemBar error={begin.error ?? (begin.isIdle ? problem : null)} />}
      <form className={styles.form} onSubmit={submit}>
        <Field label="Name" required>
          <Input
            name="name"
            autoComplete="username"
            autoFocus
            value={name}
            onChange={(_, data) => setName(data.value)}
          />
        </Field>
        <Field label="Password" required>
          <Input
            name="password"
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(_, data) => setPassword(data.value)}
          />
        </Field>
        {asked && <CodeField code={code} onChange={setCode} />}
        <Button
          type="submit"
          appearance="primary"
          disabled={begin.isPending || name === "" || password === "" || (asked && code.trim() === "")}
        >
          Sign in
        </Button>
      </form>
      <OpenidButton />
      <Text size={200} className={styles.hint}>
        At its first start the console prints the password of <strong>admin</strong>.
      </Text>
    </SignInCard>
  );
}
