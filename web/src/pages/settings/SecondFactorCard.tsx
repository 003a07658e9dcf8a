import { Button, Card, Field, Input, makeStyles, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { removeSecondFactor, renewRecoveryCodes, secondFactor } from "../../api/secondFactor";
import { DialogFrame } from "../../parts/DialogFrame";
import { FormDialog } from "../../parts/FormDialog";
import { Loaded } from "../../parts/Loaded";
import { RecoveryCodes } from "../../parts/RecoveryCodes";
import { EnrolSecondFactor } from "./EnrolSecondFactor";

const useStyles = makeStyles({
  buttons: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
});

/** One's own second factor. */
export function SecondFactorCard() {
  const styles = useStyles();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<"enrol" | "codes" | "remove" | null>(null);
  const [code, setCode] = useState("");
  const found = useQuery({ queryKey: ["second-factor"], queryFn: secondFactor });
  const changed = async () => {
    await queries.invalidateQueries({ queryKey: ["second-factor"] });
    await queries.invalidateQueries({ queryKey: ["session"] });
  };
  const close = () => {
    setAsked(null);
    setCode("");
  };
  const field = (
    <Field label="Code" required hint="Six digits from your authenticator, or a recovery code">
      <Input autoComplete="one-time-code" value={code} onChange={(_, data) => setCode(data.value)} />
    </Field>
  );
  return (
    <Card>
      <Subtitle2 as="h2">Second factor</Subtitle2>
      <Loaded query={found} what="your second factor">
        {(state) =>
          state.enrolled ? (
            <>
              <Text>
                You sign in with your password and a code of your authenticator. You have{" "}
                {state["recovery-codes"]} recovery codes left.
              </Text>
              <div className={styles.buttons}>
                <Button onClick={() => setAsked("codes")}>New recovery codes</Button>
                <Button onClick={() => setAsked("remove")}>Remove</Button>
              </div>
            </>
          ) : (
            <>
              <Text>
                With a second factor nobody signs in with your password alone: an authenticator on your
                telephone shows a code that is good for half a minute.
              </Text>
              <div className={styles.buttons}>
                <Button appearance="primary" onClick={() => setAsked("enrol")}>
                  Enrol an authenticator
                </Button>
              </div>
            </>
          )
        }
      </Loaded>
      {asked === "enrol" && (
        <DialogFrame
          title="Enrol an authenticator"
          onClose={close}
          actions={<Button onClick={() => void changed().then(close)}>Close</Button>}
        >
          <EnrolSecondFactor onDone={() => void changed().then(close)} />
        </DialogFrame>
      )}
      {asked === "codes" && (
        <FormDialog
          title="New recovery codes"
          action="Make them"
          ready={code.trim() !== ""}
          onDo={async () => {
            const codes = await renewRecoveryCodes(code);
            await changed();
            return codes;
          }}
          told={(codes) => <RecoveryCodes codes={codes} />}
          onClose={close}
        >
          <Text>The present ones are good for nothing then.</Text>
          {field}
        </FormDialog>
      )}
      {asked === "remove" && (
        <FormDialog
          title="Remove the second factor?"
          action="Remove"
          ready={code.trim() !== ""}
          onDo={async () => {
            await removeSecondFactor(code);
            await changed();
          }}
          onClose={close}
        >
          <Text>Your password alone is enough to sign in then.</Text>
          {field}
        </FormDialog>
      )}
    </Card>
  );
}
