import { Button } from "@fluentui/react-components";
import { AddRegular, DeleteRegular, KeyMultipleRegular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { apiTokens, removeApiToken, type ApiToken } from "../../api/people";
import { Ago } from "../../parts/Ago";
import { Command } from "../../parts/Command";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import type { Column } from "../../parts/DataTable";
import { EmptyState } from "../../parts/EmptyState";
import { ListPage } from "../../parts/ListPage";
import { dayOf, momentOf } from "../../parts/times";
import { groupsOf } from "../administrators/people";
import { NewTokenDialog } from "./NewTokenDialog";

const columnsOf = (onRemove: (token: ApiToken) => void): readonly Column<ApiToken>[] => [
  { title: "For", cell: (token) => token.name },
  { title: "Owner", cell: (token) => token.owner },
  { title: "Role", width: "130px", cell: (token) => token.role },
  { title: "Sees", wideOnly: true, cell: (token) => groupsOf(token.groups) },
  {
    title: "Made",
    order: "created",
    width: "130px",
    wideOnly: true,
    cell: (token) => dayOf(token.created),
  },
  {
    title: "Ends",
    order: "expires",
    width: "190px",
    cell: (token) => (Date.parse(token.expires) < Date.now() ? "over" : momentOf(token.expires)),
  },
  { title: "Last used", width: "130px", wideOnly: true, cell: (token) => <Ago time={token["last-used"]} /> },
  {
    title: "Take back",
    width: "130px",
    cell: (token) => (
      <Button
        size="small"
        appearance="subtle"
        icon={<DeleteRegular />}
        aria-label={`Take back ${token.name}`}
        onClick={() => onRemove(token)}
      >
        Take back
      </Button>
    ),
  },
];

/** With these, programs speak to the console. */
export default function ApiTokensPage() {
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [removed, setRemoved] = useState<ApiToken | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: ["api-tokens"] });
  return (
    <ListPage
      title="API tokens"
      about="With these, programs speak to the console. Each has a role, may be held to groups, and ends by itself."
      search="Search API tokens"
      queryKey={["api-tokens"]}
      load={apiTokens}
      columns={columnsOf(setRemoved)}
      id={(token) => token.id}
      order="-created"
      commands={
        <Command needs="tokens" icon={<AddRegular />} onClick={() => setAdding(true)}>
          New
        </Command>
      }
      empty={(searched) => (
        <EmptyState
          icon={KeyMultipleRegular}
          title={searched ? "No such API token" : "There is no API token"}
        >
          {searched
            ? "Search for less."
            : "Make one for each program that shall speak to the console, with no more rights than it needs."}
        </EmptyState>
      )}
    >
      {adding && <NewTokenDialog onCreated={refresh} onClose={() => setAdding(false)} />}
      {removed !== null && (
        <ConfirmDialog
          title={`Take back ${removed.name}?`}
          action="Take back"
          onConfirm={async () => {
            await removeApiToken(removed.id);
            await refresh();
          }}
          onClose={() => setRemoved(null)}
        >
          Programs that use it are refused from now on.
        </ConfirmDialog>
      )}
    </ListPage>
  );
}
