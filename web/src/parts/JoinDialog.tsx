import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  makeStyles,
  SpinButton,
  Text,
  tokens,
} from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { createJoinToken } from "../api/machines";
import { JoinCommands, type JoinTarget } from "./JoinCommands";
import { numberOf } from "./numbers";
import { ProblemBar } from "./ProblemBar";
import { momentOf } from "./times";

const useStyles = makeStyles({
  surface: { maxWidth: "760px" },
  content: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
});

interface Props {
  readonly target: JoinTarget;
  readonly onClose: () => void;
  /** Asked before the token is made. */
  readonly children?: ReactNode;
}

/** Makes a join token and shows what to run with it. */
export function JoinDialog({ target, onClose, children }: Props) {
  const styles = useStyles();
  const queries = useQueryClient();
  const [hours, setHours] = useState<number | undefined>(24);
  const make = useMutation({
    mutationFn: () =>
      createJoinToken({
        role: target.role,
        group: target.role === "agent" ? target.group : null,
        "storage-server": target.role === "storage" ? target.server : null,
        ...(hours === undefined ? {} : { "lifetime-hours": hours }),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["join-tokens"] }),
  });
  const what =
    target.role === "storage"
      ? `join as Storage Server ${target.server}`
      : target.group === null
        ? "join without a group"
        : `join group ${target.group}`;
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>Let a machine {what}</DialogTitle>
          <DialogContent className={styles.content}>
            <ProblemBar error={make.error} />
            {make.data === undefined ? (
              <>
                <Text>
                  A machine joins the farm with a token that is good for one machine, once. Whoever has it
                  before it is used can join in its place, so make it live only as long as you need.
                </Text>
                {children}
                <Field label="Good for how many hours" hint="1 to 720">
                  <SpinButton
                    min={1}
                    max={720}
                    value={hours ?? null}
                    onChange={(_, data) => setHours(numberOf(data))}
                  />
                </Field>
              </>
            ) : (
              <>
                <JoinCommands target={target} token={make.data.token} />
                <Text>
                  The token is shown only now, is good once, and ends {momentOf(make.data.expires)}.
                </Text>
              </>
            )}
          </DialogContent>
          <DialogActions>
            {make.data === undefined && (
              <Button appearance="primary" disabled={make.isPending} onClick={() => make.mutate()}>
                Make the token
              </Button>
            )}
            <Button onClick={onClose}>{make.data === undefined ? "Cancel" : "Close"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
