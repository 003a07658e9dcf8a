import { Field, Input, MessageBar, MessageBarBody } from "@fluentui/react-components";
import { EyeRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { acknowledgeDamage, oneDamage, type StorageDamage } from "../../api/damage";
import { Code } from "../../parts/Code";
import { Command } from "../../parts/Command";
import { CommandBar } from "../../parts/CommandBar";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { Facts } from "../../parts/Facts";
import { FormDialog } from "../../parts/FormDialog";
import { Loaded } from "../../parts/Loaded";
import { PageLink } from "../../parts/PageLink";
import { momentOf } from "../../parts/times";
import { adviceOf, finderOf, isGrave, partOf, remedyOf } from "./damage";

interface Props {
  readonly id: string;
  readonly onClose: () => void;
}

/** One damage: what, whose, what was done, and what to do. */
export function DamagePanel({ id, onClose }: Props) {
  const [asked, setAsked] = useState(false);
  const damage = useQuery({ queryKey: ["damage", "one", id], queryFn: () => oneDamage(id) });
  return (
    <DetailsPanel title="Damage" open onClose={onClose}>
      <Loaded query={damage} what="the damage">
        {(found) => (
          <>
            {found.acknowledged == null && (
              <CommandBar label="Damage">
                <Command needs="restore" icon={<EyeRegular />} onClick={() => setAsked(true)}>
                  Acknowledge
                </Command>
              </CommandBar>
            )}
            <MessageBar intent={isGrave(found) ? "error" : "warning"} layout="multiline">
              <MessageBarBody>
                {adviceOf(found)} <Code code={found.code} />
              </MessageBarBody>
            </MessageBar>
            <Facts facts={factsOf(found)} />
            {asked && <Acknowledge damage={found} onClose={() => setAsked(false)} />}
          </>
        )}
      </Loaded>
    </DetailsPanel>
  );
}

const factsOf = (damage: StorageDamage) =>
  [
    [
      "User",
      <PageLink key="user" to={`/users/${damage.sid}`}>
        {damage.user ?? damage.sid}
      </PageLink>,
    ],
    ["Scope", damage.scope],
    ["What", partOf(damage)],
    ["Done", remedyOf(damage)],
    ["Why", damage.why],
    ["Storage Server", damage["storage-server"]],
    ["Found", finderOf(damage)],
    ["First found", momentOf(damage["first-found"])],
    ["Last found", momentOf(damage["last-found"])],
    ["Found so often", damage.times.toLocaleString()],
    [
      "Seen by",
      damage.acknowledged == null
        ? "nobody"
        : `${damage.acknowledged.by}, ${momentOf(damage.acknowledged.at)}`,
    ],
    ["Note", damage.acknowledged?.note ? damage.acknowledged.note : "–"],
  ] as const;

function Acknowledge({ damage, onClose }: { readonly damage: StorageDamage; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  return (
    <FormDialog
      title="Acknowledge this damage"
      action="Acknowledge"
      ready={note.length <= 500}
      onDo={async () => {
        await acknowledgeDamage(damage.id, note);
        await Promise.all([
          queries.invalidateQueries({ queryKey: ["damage"] }),
          queries.invalidateQueries({ queryKey: ["overview"] }),
        ]);
      }}
      onClose={onClose}
    >
      <Field label="What was done about it" hint="For the record; the audit log keeps it too.">
        <Input value={note} maxLength={500} onChange={(_, data) => setNote(data.value)} />
      </Field>
    </FormDialog>
  );
}
