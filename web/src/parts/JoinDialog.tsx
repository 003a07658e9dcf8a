import { Field, SpinButton, Text } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { createJoinToken } from "../api/machines";
import { FormDialog } from "./FormDialog";
import { JoinCommands, type JoinTarget } from "./JoinCommands";
import { numberOf } from "./numbers";
import { momentOf } from "./times";

interface Props {
  readonly target: JoinTarget;
  readonly onClose: () => void;
  /** Asked before the token is made. */
  readonly children?: ReactNode;
}

/** Makes a join token and shows what to run with it. */
export function JoinDialog({ target, onClose, children }: Props) {
  const queries = useQueryClient();
  const [hours, setHours] = useState<number | undefined>(24);
  const what =
    target.role === "storage"
      ? `join as Storage Server ${target.server}`
      : target.group === null
        ? "join without a group"
        : `join group ${target.group}`;
  return (
    <FormDialog
      wide
      ready
      title={`Let a machine ${what}`}
      action="Make the token"
      onClose={onClose}
      onDo={async () => {
        const made = await createJoinToken({
          role: target.role,
          group: target.role === "agent" ? target.group : null,
          "storage-server": target.role === "storage" ? target.server : null,
          ...(hours === undefined ? {} : { "lifetime-hours": hours }),
        });
        await queries.invalidateQueries({ queryKey: ["join-tokens"] });
        return made;
      }}
      told={(made) => (
        <>
          <JoinCommands target={target} token={made.token} />
          <Text>The token is shown only now, is good once, and ends {momentOf(made.expires)}.</Text>
        </>
      )}
    >
      <Text>
        A machine joins the farm with a token that is good for one machine, once. Whoever has it before it is
        used can join in its place, so make it live only as long as you need.
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
    </FormDialog>
  );
}
