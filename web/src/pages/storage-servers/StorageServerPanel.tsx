import { Button, MessageBar, MessageBarBody, Toolbar } from "@fluentui/react-components";
import { DeleteRegular, EditRegular, KeyRegular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { storageServers, type StorageServer } from "../../api/farm";
import type { Machine } from "../../api/machines";
import type { StorageStatus } from "../../api/storageStatus";
import { Command } from "../../parts/Command";
import { Ago } from "../../parts/Ago";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { Facts } from "../../parts/Facts";
import { JoinDialog } from "../../parts/JoinDialog";
import { MachineStatus } from "../../parts/MachineStatus";
import { momentOf } from "../../parts/times";
import { Space } from "./Space";
import { describeStorageServer, machineOf } from "./storageServer";
import { StoreWarnings } from "./StoreWarnings";

interface Props {
  readonly name: string;
  readonly server: StorageServer | undefined;
  readonly machines: readonly Machine[];
  readonly status: StorageStatus | undefined;
  readonly onEdit: () => void;
  readonly onClose: () => void;
}

/** One Storage Server and the machine that it is. */
export function StorageServerPanel({ name, server, machines, status, onEdit, onClose }: Props) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<"join" | "delete" | null>(null);
  if (server === undefined) {
    return (
      <DetailsPanel title={name} open onClose={onClose}>
        <MessageBar intent="warning">
          <MessageBarBody>There is no Storage Server of this name any more.</MessageBarBody>
        </MessageBar>
      </DetailsPanel>
    );
  }
  const machine = machineOf(server, machines);
  const done = () => setAsked(null);
  return (
    <DetailsPanel title={server.name} open onClose={onClose}>
      <Toolbar aria-label={`Storage Server ${server.name}`}>
        <Command needs="configure" icon={<EditRegular />} onClick={onEdit}>
          Edit
        </Command>
        <Command
          needs="configure"
          icon={<KeyRegular />}
          onClick={() => setAsked("join")}
          disabled={machine !== undefined}
        >
          Let join
        </Command>
        <Command needs="configure" icon={<DeleteRegular />} onClick={() => setAsked("delete")}>
          Delete
        </Command>
      </Toolbar>
      {machine === undefined && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>
            No machine has joined the farm as this Storage Server yet, so nothing can be kept on it.{" "}
            <Button size="small" onClick={() => setAsked("join")}>
              Let it join
            </Button>
          </MessageBarBody>
        </MessageBar>
      )}
      <StoreWarnings status={status} />
      <Facts
        facts={[
          ["Status", <MachineStatus key="status" machine={machine} />],
          ["Space", <Space key="space" server={server.name} status={status} />],
          ...describeStorageServer(server),
          ...(machine === undefined
            ? []
            : ([
                ["Machine", machine.name],
                ["Machine id", machine.id],
                ["Joined", momentOf(machine.enrolled)],
                ["Last contact", <Ago key="contact" time={machine["last-seen"]} />],
              ] as const)),
        ]}
      />
      {asked === "join" && (
        <JoinDialog target={{ role: "storage", server: server.name, host: server.host }} onClose={done} />
      )}
      {asked === "delete" && (
        <ConfirmDialog
          title={`Delete Storage Server ${server.name}?`}
          action="Delete"
          onConfirm={async () => {
            const { etag } = await storageServers.get(server.name);
            await storageServers.remove(server.name, etag);
            onClose();
            await queries.invalidateQueries({ queryKey: [storageServers.key] });
          }}
          onClose={done}
        >
          The console forgets it, and Agents are told no more to use it. What it has stored stays in{" "}
          {server["base-folder"]} on {server.host}. A Storage Server that a group names, or as which a machine
          has joined, is not deleted.
        </ConfirmDialog>
      )}
    </DetailsPanel>
  );
}
