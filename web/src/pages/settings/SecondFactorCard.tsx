import { Button, Card, Subtitle2, Text } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { removeSecondFactor, renewRecoveryCodes, secondFactor } from "../../api/secondFactor";
import { Buttons } from "../../parts/Buttons";
import { CodeField } from "../../parts/CodeField";
import { DialogFrame } from "../../parts/DialogFrame";
import { FormDialog } from "../../parts/FormDialog";
import { Loaded } from "../../parts/Loaded";
import { RecoveryCodes } from "../../parts/RecoveryCodes";
import { EnrolSecondFactor } from "./EnrolSecondFactor";

/** One's own second factor. */
export function SecondFactorCard() {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<"enrol" | "codes" | "remove" | null>(null);
  const found = useQuery({ queryKey: ["second-factor"], queryFn: secondFactor });
  const changed = async () => {
    await queries.invalidateQueries({ queryKey: ["second-factor"] });
    await queries.invalidateQueries({ queryKey: ["session"] });
  };
  const close = () => setAsked(null);
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
              <Buttons>
                <Button onClick={() => setAsked("codes")}>New recovery codes</Button>
                <Button onClick={() => setAsked("remove")}>Remove</Button>
              </Buttons>
            </>
          ) : (
            <>
              <Text>
                With a second factor nobody signs in with your password alone: an authenticator on your
                telephone shows a code that is good for half a minute.
              </Text>
              <Buttons>
                <Button appearance="primary" onClick={() => setAsked("enrol")}>
                  Enrol an authenticator
                </Button>
              </Buttons>
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
        <CodeDialog
          title="New recovery codes"
          action="Make them"
          about="The present ones are good for nothing then."
          onDo={renewRecoveryCodes}
          onDone={changed}
          told={(codes) => <RecoveryCodes codes={codes} />}
          onClose={close}
        />
      )}
      {asked === "remove" && (
        <CodeDialog
          title="Remove the second factor?"
          action="Remove"
          about="Your password alone is enough to sign in then."
          onDo={removeSecondFactor}
          onDone={changed}
          onClose={close}
        />
      )}
    </Card>
  );
}

interface CodeProps<T> {
  readonly title: string;
  readonly action: string;
  readonly about: string;
  readonly onDo: (code: string) => Promise<T>;
  readonly onDone: () => Promise<void>;
  readonly told?: (done: T) => ReactNode;
  readonly onClose: () => void;
}

/** Something that takes a code of the second factor. */
function CodeDialog<T>({ title, action, about, onDo, onDone, told, onClose }: CodeProps<T>) {
  const [code, setCode] = useState("");
  return (
    <FormDialog
      title={title}
      action={action}
      ready={code.trim() !== ""}
      onDo={async () => {
        const done = await onDo(code.trim());
        await onDone();
        return done;
      }}
      {...(told === undefined ? {} : { told })}
      onClose={onClose}
    >
      <Text>{about}</Text>
      <CodeField code={code} onChange={setCode} />
    </FormDialog>
  );
}
