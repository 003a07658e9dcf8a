import { Button, Subtitle2 } from "@fluentui/react-components";
import { DeleteRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { joinTokens, removeJoinToken, type JoinToken } from "../../api/machines";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { DataTable, type Column } from "../../parts/DataTable";
import { momentOf } from "../../parts/times";
import { useMay, useReason } from "../../parts/useSession";

/** Join tokens that nobody has used yet; nothing when there are none. */
export function JoinTokens({ role }: { readonly role: JoinToken["role"] }) {
  const queries = useQueryClient();
  const may = useMay();
  const reason = useReason();
  const [withdrawn, setWithdrawn] = useState<JoinToken | null>(null);
  const found = useQuery({
    queryKey: ["join-tokens"],
    queryFn: joinTokens,
    refetchInterval: 30_000,
    enabled: may("audit"),
  });
  const rows = (found.data?.items ?? []).filter((token) => token.role === role);
  const columns: Column<JoinToken>[] = [
    {
      title: "For",
      cell: (token) => token["storage-server"] ?? (token.group == null ? "no group" : `group ${token.group}`),
    },
    { title: "Made", cell: (token) => momentOf(token.created), sort: (token) => token.created },
    {
      title: "Ends",
      cell: (token) => (Date.parse(token.expires) < Date.now() ? "over" : momentOf(token.expires)),
      sort: (token) => token.expires,
    },
    {
      title: "Withdraw",
      width: "130px",
      cell: (token) => (
        <Button
          size="small"
          appearance="subtle"
          icon={<DeleteRegular />}
          aria-label={`Withdraw the token of ${momentOf(token.created)}`}
          {...(may("configure")
            ? { onClick: () => setWithdrawn(token) }
            : { disabledFocusable: true, title: reason })}
        >
          Withdraw
        </Button>
      ),
    },
  ];
  if (rows.length === 0) return null;
  return (
    <>
      <Subtitle2 as="h2">Join tokens that wait for a machine</Subtitle2>
      <DataTable label="Join tokens" columns={columns} rows={rows} id={(token) => token.id} />
      {withdrawn !== null && (
        <ConfirmDialog
          title="Withdraw this join token?"
          action="Withdraw"
          onConfirm={async () => {
            await removeJoinToken(withdrawn.id);
            await queries.invalidateQueries({ queryKey: ["join-tokens"] });
          }}
          onClose={() => setWithdrawn(null)}
        >
          No machine can join with it any more. Machines that have joined are not affected.
        </ConfirmDialog>
      )}
    </>
  );
}
