import { Text } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { groups, type StorageServer } from "../../api/farm";
import { startMove } from "../../api/moves";
import { Choice } from "../../parts/Choice";
import { FormDialog } from "../../parts/FormDialog";
import { scopeName } from "../users/data-sets/items";

/** Instead of a name: the first Storage Server of the scope. */
const FIRST = "";

interface Props {
  readonly servers: readonly StorageServer[];
  readonly onClose: () => void;
}

/** Begins to move the data sets of a group, or the global ones, to another Storage Server. */
export function MoveDialog({ servers, onClose }: Props) {
  const queries = useQueryClient();
  const known = useQuery({ queryKey: [groups.key], queryFn: groups.list });
  const [scope, setScope] = useState("global");
  const [from, setFrom] = useState(FIRST);
  const [to, setTo] = useState("");
  const scopes = ["global", ...(known.data ?? []).map((group) => `group:${group.name}`)];
  const names = servers.map((server) => [server.name, server.name] as const);
  return (
    <FormDialog
      title="Move data sets"
      action="Begin the move"
      ready={to !== "" && to !== from}
      onDo={async () => {
        await startMove({ scope, to, from: from === FIRST ? null : from });
        await queries.invalidateQueries({ queryKey: ["storage-moves"] });
      }}
      onClose={onClose}
    >
      <Text>
        Users go on working. The new Storage Server takes over all versions, pins and the quarantine; then
        Agents are told to use it, and what has come to the old one until then is brought over. If a machine
        goes down in the midst, the move goes on by itself once it is back.
      </Text>
      <Choice
        label="Data sets"
        value={scope}
        options={scopes.map((each) => [each, scopeName(each)] as const)}
        onChange={setScope}
      />
      <Choice
        label="From"
        value={from}
        options={[[FIRST, "The first one that keeps them"], ...names]}
        onChange={setFrom}
      />
      <Choice label="To" value={to} options={names} onChange={setTo} />
    </FormDialog>
  );
}
