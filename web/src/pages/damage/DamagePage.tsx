import { ToolbarButton } from "@fluentui/react-components";
import { ArrowClockwiseRegular, ShieldCheckmarkRegular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { storageDamage, type StorageDamage } from "../../api/damage";
import { Choice } from "../../parts/Choice";
import { CommandBar } from "../../parts/CommandBar";
import type { Column } from "../../parts/DataTable";
import { EmptyState } from "../../parts/EmptyState";
import { Page } from "../../parts/Page";
import { PagedTable } from "../../parts/PagedTable";
import { PageLink } from "../../parts/PageLink";
import { momentOf } from "../../parts/times";
import { useChosen } from "../../parts/useChosen";
import { useSettled } from "../../parts/useSettled";
import { partOf, remedyOf } from "./damage";
import { DamagePanel } from "./DamagePanel";

const columns: readonly Column<StorageDamage>[] = [
  {
    title: "Last found",
    order: "last",
    width: "190px",
    cell: (damage) => <PageLink to={`/damage/${damage.id}`}>{momentOf(damage["last-found"])}</PageLink>,
  },
  { title: "User", cell: (damage) => damage.user ?? damage.sid },
  { title: "Scope", width: "160px", cell: (damage) => damage.scope },
  { title: "What", width: "180px", cell: partOf },
  { title: "Done", cell: remedyOf },
  { title: "Storage Server", width: "160px", wideOnly: true, cell: (damage) => damage["storage-server"] },
  { title: "Seen by", width: "140px", wideOnly: true, cell: (damage) => damage.acknowledged?.by ?? "nobody" },
];

const SHOWN = [
  ["open", "What nobody has seen"],
  ["all", "All"],
] as const;

/** What Storage Servers found not to be what was stored. */
export default function DamagePage() {
  const queries = useQueryClient();
  const chosen = useChosen("/damage");
  const [search, setSearch] = useState("");
  const [shown, setShown] = useState("open");
  const [order, setOrder] = useState("-last");
  const settled = useSettled(search);
  return (
    <Page
      title="Damage"
      about="Stored settings that are not what was stored: what the Storage Server found, and what it did about it."
    >
      <CommandBar label="Damage" search={{ text: search, onChange: setSearch, label: "Search users" }}>
        <ToolbarButton
          icon={<ArrowClockwiseRegular />}
          onClick={() => void queries.invalidateQueries({ queryKey: ["damage"] })}
        >
          Refresh
        </ToolbarButton>
        <Choice beside label="Show" value={shown} options={SHOWN} onChange={setShown} />
      </CommandBar>
      <PagedTable
        label="Damage"
        queryKey={["damage", settled, shown, order]}
        load={(after) =>
          storageDamage({
            sort: order,
            ...(shown === "open" ? { acknowledged: false } : {}),
            ...(settled === "" ? {} : { search: settled }),
            ...(after === undefined ? {} : { after }),
          })
        }
        columns={columns}
        chosen={chosen.name}
        id={(damage) => damage.id}
        order={{ order, onChange: setOrder }}
        empty={
          <EmptyState icon={ShieldCheckmarkRegular} title="No damage">
            Storage Servers read every stored byte once a week, and say here what is not as it was stored.
          </EmptyState>
        }
      />
      {chosen.name !== undefined && <DamagePanel id={chosen.name} onClose={chosen.close} />}
    </Page>
  );
}
