import { Link as FluentLink, ToolbarButton } from "@fluentui/react-components";
import { AddRegular, ArrowClockwiseRegular, ArrowSwapRegular, DatabaseRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { storageServers, type StorageServer } from "../../api/farm";
import { machines } from "../../api/machines";
import { storageStatus } from "../../api/storageStatus";
import { Command } from "../../parts/Command";
import { Ago } from "../../parts/Ago";
import { CommandBar } from "../../parts/CommandBar";
import { DataTable, type Column } from "../../parts/DataTable";
import { EditPanel } from "../../parts/EditPanel";
import { EmptyState } from "../../parts/EmptyState";
import { Loaded } from "../../parts/Loaded";
import { MachineStatus } from "../../parts/MachineStatus";
import { Page } from "../../parts/Page";
import { PageLink } from "../../parts/PageLink";
import { matches } from "../../parts/sorting";
import { useChosen } from "../../parts/useChosen";
import { MoveDialog } from "./MoveDialog";
import { Moves } from "./Moves";
import { Space } from "./Space";
import { describeStorageServer, machineOf, newStorageServer } from "./storageServer";
import { StorageServerForm } from "./StorageServerForm";
import { StorageServerPanel } from "./StorageServerPanel";

/** Machines that keep what users' sessions leave. */
export default function StorageServersPage() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [search, setSearch] = useState("");
  const [edited, setEdited] = useState<string | null | undefined>(undefined);
  const [moving, setMoving] = useState(false);
  const chosen = useChosen("/storage-servers");
  const servers = useQuery({ queryKey: [storageServers.key], queryFn: storageServers.list });
  const known = useQuery({
    queryKey: ["machines", "storage"],
    queryFn: () => machines({ role: "storage", state: "active", limit: 200 }),
    refetchInterval: 30_000,
  });
  const stores = useQuery({
    queryKey: ["storage-status"],
    queryFn: storageStatus,
    refetchInterval: 30_000,
  });
  const statusOf = (name: string | undefined) =>
    stores.data?.find((status) => status["storage-server"] === name);

  const columns: Column<StorageServer>[] = [
    {
      title: "Name",
      cell: (server) => (
        <PageLink to={`/storage-servers/${encodeURIComponent(server.name)}`}>{server.name}</PageLink>
      ),
      sort: (server) => server.name,
    },
    { title: "Host", cell: (server) => server.host, sort: (server) => server.host },
    { title: "Port", cell: (server) => server.port, sort: (server) => server.port ?? 0, width: "80px" },
    { title: "Base folder", cell: (server) => server["base-folder"], wideOnly: true },
    {
      title: "Global data sets",
      cell: (server) => (server["keeps-global"] === true ? "kept" : "–"),
      wideOnly: true,
    },
    { title: "Global folder", cell: (server) => server["global-folder"], wideOnly: true },
    {
      title: "Status",
      cell: (server) => <MachineStatus machine={machineOf(server, known.data?.items ?? [])} />,
    },
    {
      title: "Space",
      cell: (server) => <Space server={server.name} status={statusOf(server.name)} />,
      sort: (server) => statusOf(server.name)?.["free-bytes"] ?? Number.MAX_SAFE_INTEGER,
      width: "14%",
    },
    {
      title: "Last contact",
      cell: (server) => <Ago time={machineOf(server, known.data?.items ?? [])?.["last-seen"]} />,
      wideOnly: true,
    },
  ];

  return (
    <Page
      title="Storage Servers"
      about="A Storage Server keeps the users' data sets in a base folder and gives them to Agents over one TCP port. Agents whose group names none use the first one."
    >
      <CommandBar
        label="Storage Servers"
        search={{ text: search, onChange: setSearch, label: "Search Storage Servers" }}
      >
        <Command needs="configure" icon={<AddRegular />} onClick={() => setEdited(null)}>
          New
        </Command>
        <Command
          needs="configure"
          icon={<ArrowSwapRegular />}
          because={(servers.data ?? []).length < 2 ? "It takes two Storage Servers." : undefined}
          onClick={() => setMoving(true)}
        >
          Move data sets
        </Command>
        <ToolbarButton
          icon={<ArrowClockwiseRegular />}
          onClick={() => {
            void queries.invalidateQueries({ queryKey: ["storage-moves"] });
            void queries.invalidateQueries({ queryKey: [storageServers.key] });
            void queries.invalidateQueries({ queryKey: ["machines"] });
            void queries.invalidateQueries({ queryKey: ["storage-status"] });
          }}
        >
          Refresh
        </ToolbarButton>
      </CommandBar>
      <Loaded query={servers} what="Storage Servers">
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={DatabaseRegular} title="No Storage Server yet">
              <FluentLink inline onClick={() => setEdited(null)}>
                Describe the machine
              </FluentLink>{" "}
              that shall keep the users&apos; data sets; then let it join the farm.
            </EmptyState>
          ) : (
            <DataTable
              label="Storage Servers"
              columns={columns}
              rows={all.filter((server) =>
                matches(
                  search,
                  describeStorageServer(server).map(([, text]) => text),
                ),
              )}
              id={(server) => server.name}
              chosen={chosen.name}
            />
          )
        }
      </Loaded>
      <Moves />
      {moving && <MoveDialog servers={servers.data ?? []} onClose={() => setMoving(false)} />}
      {chosen.name !== undefined && edited === undefined && servers.data !== undefined && (
        <StorageServerPanel
          server={servers.data.find((server) => server.name === chosen.name)}
          name={chosen.name}
          machines={known.data?.items ?? []}
          status={statusOf(chosen.name)}
          onEdit={() => setEdited(chosen.name)}
          onClose={chosen.close}
        />
      )}
      {edited !== undefined && (
        <EditPanel
          collection={storageServers}
          name={edited}
          initial={newStorageServer}
          describe={describeStorageServer}
          onClose={() => setEdited(undefined)}
          onSaved={(server) => {
            setEdited(undefined);
            void navigate(`/storage-servers/${encodeURIComponent(server.name)}`);
          }}
        >
          {(draft, change, isNew) => <StorageServerForm draft={draft} onChange={change} isNew={isNew} />}
        </EditPanel>
      )}
    </Page>
  );
}
