import { MessageBar, MessageBarBody, Toolbar } from "@fluentui/react-components";
import { DeleteRegular, EditRegular, KeyRegular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { groups, type AgentServerGroup } from "../../api/farm";
import { Command } from "../../parts/Command";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { Facts } from "../../parts/Facts";
import { JoinDialog } from "../../parts/JoinDialog";
import { describeGroup } from "./group";

interface Props {
  readonly name: string;
  readonly group: AgentServerGroup | undefined;
  readonly onEdit: () => void;
  readonly onClose: () => void;
}

/** One group. */
export function GroupPanel({ name, group, onEdit, onClose }: Props) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<"join" | "delete" | null>(null);
  if (group === undefined) {
    return (
      <DetailsPanel title={name} open onClose={onClose}>
        <MessageBar intent="warning">
          <MessageBarBody>There is no group of this name any more.</MessageBarBody>
        </MessageBar>
      </DetailsPanel>
    );
  }
  return (
    <DetailsPanel title={group.name} open onClose={onClose}>
      <Toolbar aria-label={`Group ${group.name}`}>
        <Command needs="configure" icon={<EditRegular />} onClick={onEdit}>
          Edit
        </Command>
        <Command needs="configure" icon={<KeyRegular />} onClick={() => setAsked("join")}>
          Add Agent
        </Command>
        <Command needs="configure" icon={<DeleteRegular />} onClick={() => setAsked("delete")}>
          Delete
        </Command>
      </Toolbar>
      <Facts facts={describeGroup(group)} />
      {asked === "join" && (
        <JoinDialog target={{ role: "agent", group: group.name }} onClose={() => setAsked(null)} />
      )}
      {asked === "delete" && (
        <ConfirmDialog
          title={`Delete group ${group.name}?`}
          action="Delete"
          onConfirm={async () => {
            const { etag } = await groups.get(group.name);
            await groups.remove(group.name, etag);
            onClose();
            await queries.invalidateQueries({ queryKey: [groups.key] });
          }}
          onClose={() => setAsked(null)}
        >
          The console forgets the group and its settings, and unused join tokens for it end. The users&apos;
          group-specific data sets stay on storage. A group that has Agents, or that a data subset names, is
          not deleted.
        </ConfirmDialog>
      )}
    </DetailsPanel>
  );
}
