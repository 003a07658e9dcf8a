import { Link as FluentLink, ToolbarButton } from "@fluentui/react-components";
import { AddRegular, ArrowClockwiseRegular, GroupRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { groups, type AgentServerGroup } from "../../api/farm";
import { Command } from "../../parts/Command";
import { CommandBar } from "../../parts/CommandBar";
import { DataTable, type Column } from "../../parts/DataTable";
import { EditPanel } from "../../parts/EditPanel";
import { EmptyState } from "../../parts/EmptyState";
import { Loaded } from "../../parts/Loaded";
import { Page } from "../../parts/Page";
import { PageLink } from "../../parts/PageLink";
import { matches } from "../../parts/sorting";
import { useChosen } from "../../parts/useChosen";
import { defaultSettings, describeGroup, newGroup } from "./group";
import { GroupForm } from "./GroupForm";
import { GroupPanel } from "./GroupPanel";

const columns: Column<AgentServerGroup>[] = [
  {
    title: "Name",
    cell: (group) => <PageLink to={`/groups/${group.name}`}>{group.name}</PageLink>,
    sort: (group) => group.name,
  },
  { title: "Description", cell: (group) => group.description, wideOnly: true },
  {
    title: "Storage Server",
    cell: (group) =>
      [group["storage-server"] ?? "the first one", ...(group["other-storage-servers"] ?? [])].join(", "),
    sort: (group) => group["storage-server"] ?? "",
  },
  { title: "Logons", cell: (group) => (group.settings?.mode === "asynchronous" ? "do not wait" : "wait") },
  {
    title: "When storage is away",
    cell: (group) => group.settings?.["storage-away"] ?? defaultSettings["storage-away"],
    wideOnly: true,
  },
  {
    title: "Agents",
    width: "110px",
    cell: (group) => <PageLink to={`/agents?group=${group.name}`}>Show</PageLink>,
  },
];

/** Agent Servers of one role. */
export default function GroupsPage() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [search, setSearch] = useState("");
  const [edited, setEdited] = useState<string | null | undefined>(undefined);
  const chosen = useChosen("/groups");
  const all = useQuery({ queryKey: [groups.key], queryFn: groups.list });
  return (
    <Page
      title="Agent Server Groups"
      about="A group is a silo: session hosts of one role, which share the group-specific settings of their users."
    >
      <CommandBar
        label="Agent Server Groups"
        search={{ text: search, onChange: setSearch, label: "Search groups" }}
      >
        <Command needs="configure" icon={<AddRegular />} onClick={() => setEdited(null)}>
          New
        </Command>
        <ToolbarButton
          icon={<ArrowClockwiseRegular />}
          onClick={() => void queries.invalidateQueries({ queryKey: [groups.key] })}
        >
          Refresh
        </ToolbarButton>
      </CommandBar>
      <Loaded query={all} what="Agent Server Groups">
        {(known) =>
          known.length === 0 ? (
            <EmptyState icon={GroupRegular} title="No Agent Server Group yet">
              <FluentLink inline onClick={() => setEdited(null)}>
                Create a group
              </FluentLink>{" "}
              for session hosts that run the same programs; then let them join it.
            </EmptyState>
          ) : (
            <DataTable
              label="Agent Server Groups"
              columns={columns}
              rows={known.filter((group) => matches(search, [group.name, group.description]))}
              id={(group) => group.name}
              chosen={chosen.name}
            />
          )
        }
      </Loaded>
      {chosen.name !== undefined && edited === undefined && all.data !== undefined && (
        <GroupPanel
          name={chosen.name}
          group={all.data.find((group) => group.name === chosen.name)}
          onEdit={() => setEdited(chosen.name)}
          onClose={chosen.close}
        />
      )}
      {edited !== undefined && (
        <EditPanel
          collection={groups}
          name={edited}
          initial={newGroup}
          describe={describeGroup}
          onClose={() => setEdited(undefined)}
          onSaved={(group) => {
            setEdited(undefined);
            void navigate(`/groups/${group.name}`);
          }}
        >
          {(draft, change, isNew) => <GroupForm draft={draft} onChange={change} isNew={isNew} />}
        </EditPanel>
      )}
    </Page>
  );
}
