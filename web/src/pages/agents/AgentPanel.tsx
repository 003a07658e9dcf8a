import { Toolbar } from "@fluentui/react-components";
import { ArrowMoveRegular, DismissCircleRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { assign, machine, revoke } from "../../api/machines";
import { Command } from "../../parts/Command";
import { Ago } from "../../parts/Ago";
import { Choice } from "../../parts/Choice";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { Facts } from "../../parts/Facts";
import { Loaded } from "../../parts/Loaded";
import { MachineStatus } from "../../parts/MachineStatus";
import { PageLink } from "../../parts/PageLink";
import { momentOf } from "../../parts/times";

interface Props {
  readonly id: string;
  readonly groups: readonly (readonly [string, string])[];
  readonly onClose: () => void;
}

/** One Agent. */
export function AgentPanel({ id, groups, onClose }: Props) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<"move" | "revoke" | null>(null);
  const [group, setGroup] = useState<string | undefined>(undefined);
  const found = useQuery({ queryKey: ["machines", "one", id], queryFn: () => machine(id) });
  const changed = () => queries.invalidateQueries({ queryKey: ["machines"] });
  const name = found.data?.item.name ?? "Agent";
  return (
    <DetailsPanel title={name} open onClose={onClose}>
      <Loaded query={found} what="the Agent">
        {({ item, etag }) => (
          <>
            <Toolbar aria-label={`Agent ${item.name}`}>
              <Command
                needs="configure"
                icon={<ArrowMoveRegular />}
                disabled={item.state === "revoked"}
                onClick={() => setAsked("move")}
              >
                Move to group
              </Command>
              <Command
                needs="configure"
                icon={<DismissCircleRegular />}
                disabled={item.state === "revoked"}
                onClick={() => setAsked("revoke")}
              >
                Revoke
              </Command>
            </Toolbar>
            <Facts
              facts={[
                ["Status", <MachineStatus key="status" machine={item} />],
                ["Group", item.group ?? "none"],
                ["Last contact", <Ago key="contact" time={item["last-seen"]} />],
                ["Joined", momentOf(item.enrolled)],
                ["Machine id", item.id],
                ["Certificates", item.certificates.length === 0 ? "none" : item.certificates.join(", ")],
                [
                  "Sessions",
                  <PageLink key="sessions" to={`/sessions?search=${encodeURIComponent(item.name)}`}>
                    Sessions on {item.name}
                  </PageLink>,
                ],
              ]}
            />
            {asked === "move" && (
              <ConfirmDialog
                title={`Move ${item.name} to another group?`}
                action="Move"
                onConfirm={async () => {
                  await assign(
                    item.id,
                    etag,
                    (group ?? item.group ?? "") === "" ? null : (group ?? item.group ?? null),
                  );
                  await changed();
                }}
                onClose={() => setAsked(null)}
              >
                <p>
                  Sessions that begin from now on get the group-specific settings of the new group. Those of
                  the old group stay on storage.
                </p>
                <Choice
                  label="Group"
                  value={group ?? item.group ?? ""}
                  options={[["", "None, only what is global is kept"], ...groups]}
                  onChange={setGroup}
                />
              </ConfirmDialog>
            )}
            {asked === "revoke" && (
              <ConfirmDialog
                title={`Revoke ${item.name}?`}
                action="Revoke"
                onConfirm={async () => {
                  await revoke(item.id, etag);
                  await changed();
                }}
                onClose={() => setAsked(null)}
              >
                It reaches neither the console nor storage from now on: users get no settings there, and what
                waits in its spool is not stored. To take it back it has to join again with a new token. Its
                record stays.
              </ConfirmDialog>
            )}
          </>
        )}
      </Loaded>
    </DetailsPanel>
  );
}
