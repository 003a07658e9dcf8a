import {
  Button,
  Card,
  Field,
  Input,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Radio,
  RadioGroup,
  Subtitle2,
  tokens,
} from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { changePassword, currentSession } from "../../api/session";
import { setAppearance, useAppearance, type Appearance } from "../../app/preferences";
import { Facts } from "../../parts/Facts";
import { Page } from "../../parts/Page";
import { ProblemBar } from "../../parts/ProblemBar";
import { momentOf } from "../../parts/times";

const useStyles = makeStyles({
  cards: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(min(360px, 100%), 1fr))",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    maxWidth: "1200px",
  },
  form: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
  submit: { alignSelf: "flex-start" },
});

/** What belongs to the administrator and his browser. */
export default function SettingsPage() {
  const styles = useStyles();
  const appearance = useAppearance();
  const session = useQuery({ queryKey: ["session"], queryFn: currentSession, staleTime: Infinity });
  return (
    <Page title="Settings">
      <div className={styles.cards}>
        <Card>
          <Subtitle2 as="h2">Password</Subtitle2>
          <PasswordForm name={session.data?.name ?? ""} />
        </Card>
        <Card>
          <Subtitle2 as="h2">Appearance</Subtitle2>
          <RadioGroup
            aria-label="Appearance"
            value={appearance}
            onChange={(_, data) => setAppearance(data.value as Appearance)}
          >
            <Radio value="system" label="As the system" />
            <Radio value="light" label="Light" />
            <Radio value="dark" label="Dark" />
          </RadioGroup>
        </Card>
        <Card>
          <Subtitle2 as="h2">About</Subtitle2>
          <Facts
            facts={[
              ["Console", window.location.origin],
              ["Version", __VERSION__],
              ["Signed in as", session.data?.name ?? ""],
              ["Session ends", session.data == null ? "" : momentOf(session.data.expires)],
              [
                "REST API",
                <a key="api" href="/api/v1/openapi.json">
                  openapi.json
                </a>,
              ],
            ]}
          />
        </Card>
      </div>
    </Page>
  );
}

function PasswordForm({ name }: { readonly name: string }) {
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
      <Field label="Present password" required>
        <Input
          type="password"
          autoComplete="current-password"
          value={current}
          onChange={(_, data) => setCurrent(data.value)}
        />
      </Field>
      <Field
        label="New password"
        required
        hint="12 to 256 characters"
        validationMessage={short ? "That is shorter than 12 characters." : undefined}
      >
        <Input
          type="password"
          autoComplete="new-password"
          value={next}
          onChange={(_, data) => setNext(data.value)}
        />
      </Field>
      <Field
        label="New password again"
        required
        validationMessage={differs ? "That is not the same." : undefined}
      >
        <Input
          type="password"
          autoComplete="new-password"
          value={again}
          onChange={(_, data) => setAgain(data.value)}
        />
      </Field>
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
