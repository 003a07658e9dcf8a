import {
  Button,
  Card,
  Field,
  Input,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Text,
  Title2,
  tokens,
} from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { ProblemError } from "../api/problem";
import { CODE_NEEDED, signIn, type CurrentSession } from "../api/session";
import { Centered } from "../parts/Centered";
import { ProblemBar } from "../parts/ProblemBar";
import icon from "./icon.svg";

const useStyles = makeStyles({
  card: { width: "min(400px, 100%)", padding: tokens.spacingHorizontalXXL, rowGap: tokens.spacingVerticalL },
  brand: { display: "flex", alignItems: "center", columnGap: tokens.spacingHorizontalM },
  form: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
  hint: { color: tokens.colorNeutralForeground3 },
});

interface Props {
  /** Whether a session was over just now. */
  readonly over: boolean;
  readonly onSignedIn: (session: CurrentSession) => void;
}

/** Whether the password was right, and a code is wanted as well. */
const needsCode = (error: unknown) => error instanceof ProblemError && error.code === CODE_NEEDED;

/** The way in. */
export function SignIn({ over, onSignedIn }: Props) {
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
    <Centered>
      <Card className={styles.card}>
        <div className={styles.brand}>
          <img src={icon} alt="" width={40} height={40} />
          <div>
            <Title2 as="h1" block>
              MetaProfiles
            </Title2>
            <Text block>Provision Management Console</Text>
          </div>
        </div>
        {over && !begin.isError && (
          <MessageBar intent="warning">
            <MessageBarBody>Your session is over. Sign in to go on where you were.</MessageBarBody>
          </MessageBar>
        )}
        {!needsCode(begin.error) && <ProblemBar error={begin.error} />}
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
          {asked && (
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
                onChange={(_, data) => setCode(data.value)}
              />
            </Field>
          )}
          <Button
            type="submit"
            appearance="primary"
            disabled={begin.isPending || name === "" || password === "" || (asked && code.trim() === "")}
          >
            Sign in
          </Button>
        </form>
        <Text size={200} className={styles.hint}>
          At its first start the console prints the password of <strong>admin</strong>.
        </Text>
      </Card>
    </Centered>
  );
}
