import { Button, Field, Input, makeStyles, Spinner, Text, tokens } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { beginSecondFactor, confirmSecondFactor } from "../../api/secondFactor";
import { Copyable } from "../../parts/Copyable";
import { ProblemBar } from "../../parts/ProblemBar";
import { RecoveryCodes } from "../../parts/RecoveryCodes";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
  // Readers want dark on light, whatever the page's colours are.
  picture: { alignSelf: "center", width: "240px", maxWidth: "100%", backgroundColor: "white" },
  submit: { alignSelf: "flex-start" },
});

/** Leads from the picture over the first code to the recovery codes. */
export function EnrolSecondFactor({ onDone }: { readonly onDone: () => void }) {
  const styles = useStyles();
  const [code, setCode] = useState("");
  const { mutate: ask, ...begun } = useMutation({ mutationFn: beginSecondFactor });
  const confirm = useMutation({ mutationFn: () => confirmSecondFactor(code), onError: () => setCode("") });
  useEffect(() => ask(), [ask]);
  if (confirm.data !== undefined) {
    return (
      <div className={styles.root}>
        <RecoveryCodes codes={confirm.data} />
        <Button className={styles.submit} appearance="primary" onClick={onDone}>
          I have kept them
        </Button>
      </div>
    );
  }
  return (
    <form
      className={styles.root}
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <ProblemBar error={begun.error ?? confirm.error} title="Not enrolled" />
      {begun.isPending && <Spinner label="Making a secret" />}
      {begun.data !== undefined && (
        <>
          <Text>Let an authenticator read this picture, or type in the text below it.</Text>
          <img
            className={styles.picture}
            alt="QR code for an authenticator"
            src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(begun.data.picture)}`}
          />
          <Copyable text={begun.data.secret} label="the secret" />
          <Field label="Code that it shows now" required>
            <Input
              autoComplete="one-time-code"
              inputMode="numeric"
              value={code}
              onChange={(_, data) => setCode(data.value)}
            />
          </Field>
          <Button
            className={styles.submit}
            type="submit"
            appearance="primary"
            disabled={code.trim() === "" || confirm.isPending}
          >
            Confirm
          </Button>
        </>
      )}
    </form>
  );
}
