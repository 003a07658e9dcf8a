import { AddRegular, DesktopRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";

import { groups } from "../../api/farm";
import { machines, type Machine } from "../../api/machines";
import { Command } from "../../parts/Command";
import { Ago } from "../../parts/Ago";
import { Choice } from "../../parts/Choice";
import type { Column } from "../../parts/DataTable";
import { EmptyState } from "../../parts/EmptyState";
import { ListPage } from "../../parts/ListPage";
import { MachineStatus } from "../../parts/MachineStatus";
import { PageLink } from "../../parts/PageLink";
import { dayOf } from "../../parts/times";
import { useChosen } from "../../parts/useChosen";
import { AddAgent } from "./AddAgent";
import { AgentPanel } from "./AgentPanel";
import { JoinTokens } from "./JoinTokens";

const columns: readonly Column<Machine>[] = [
  {
    title: "Name",
    order: "name",
    cell: (machine) => <PageLink to={`/agents/${machine.id}`}>{machine.name}</PageLink>,
  },
  { title: "Group", cell: (machine) => machine.group ?? "none" },
  { title: "Status", width: "140px", cell: (machine) => <MachineStatus machine={machine} /> },
  {
    title: "Last contact",
    order: "last-seen",
    width: "150px",
    cell: (machine) => <Ago time={machine["last-seen"]} />,
  },
  {
    title: "Joined",
    order: "enrolled",
    width: "140px",
    wideOnly: true,
    cell: (machine) => dayOf(machine.enrolled),
  },
];

/** Session hosts that run the Agent. */
export default function AgentsPage() {
  const [params, setParams] = useSearchParams();
  const [revoked, setRevoked] = useState(false);
  const [adding, setAdding] = useState(false);
  const chosen = useChosen("/agents");
  const known = useQuery({ queryKey: [groups.key], queryFn: groups.list });
  const group = params.get("group") ?? "";
  const names = (known.data ?? []).map((each) => [each.name, each.name] as const);
  return (
    <ListPage
      title="Agents"
      about="Session hosts of the farm. Each has joined with a token of its own."
      search="Search Agents"
      queryKey={["machines", "agent", group, revoked]}
      load={(asked) =>
        machines({
          ...asked,
          role: "agent",
          state: revoked ? "revoked" : "active",
          ...(group === "" ? {} : { group }),
        })
      }
      columns={columns}
      id={(machine) => machine.id}
      chosen={chosen.name}
      order={params.get("sort") === "last-seen" ? "last-seen" : "name"}
      commands={
        <Command needs="configure" icon={<AddRegular />} onClick={() => setAdding(true)}>
          Add Agent
        </Command>
      }
      choices={
        <>
          <Choice
            beside
            label="Group"
            value={group}
            options={[["", "Any group"], ...names]}
            onChange={(value) => setParams(value === "" ? {} : { group: value }, { replace: true })}
          />
          <Choice
            beside
            label="State"
            value={revoked ? "revoked" : "active"}
            options={[
              ["active", "Members"],
              ["revoked", "Revoked"],
            ]}
            onChange={(value) => setRevoked(value === "revoked")}
          />
        </>
      }
      empty={(searched) => {
        const all = !searched && group === "" && !revoked;
        return (
          <EmptyState icon={DesktopRegular} title={all ? "No Agent yet" : "No such Agent"}>
            {all
              ? "Choose Add Agent above for a join token and the command that installs the Agent on a session host."
              : "Choose another group or state, or search for less."}
          </EmptyState>
        );
      }}
    >
      <JoinTokens role="agent" />
      {chosen.name !== undefined && (
        <AgentPanel key={chosen.name} id={chosen.name} groups={names} onClose={chosen.close} />
      )}
      {adding && <AddAgent groups={names} initial={group} onClose={() => setAdding(false)} />}
    </ListPage>
  );
}
