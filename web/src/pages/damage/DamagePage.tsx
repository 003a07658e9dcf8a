import { ShieldCheckmarkRegular } from "@fluentui/react-icons";
import { useState } from "react";

import { storageDamage, type StorageDamage } from "../../api/damage";
import { Choice } from "../../parts/Choice";
import type { Column } from "../../parts/DataTable";
import { EmptyState } from "../../parts/EmptyState";
import { ListPage } from "../../parts/ListPage";
import { PageLink } from "../../parts/PageLink";
import { momentOf } from "../../parts/times";
import { useChosen } from "../../parts/useChosen";
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
  const chosen = useChosen("/damage");
  const [shown, setShown] = useState("open");
  return (
    <ListPage
      title="Damage"
      about="Stored settings that are not what was stored: what the Storage Server found, and what it did about it."
      search="Search users"
      queryKey={["damage", shown]}
      load={(asked) => storageDamage({ ...asked, ...(shown === "open" ? { acknowledged: false } : {}) })}
      columns={columns}
      id={(damage) => damage.id}
      chosen={chosen.name}
      order="-last"
      choices={<Choice beside label="Show" value={shown} options={SHOWN} onChange={setShown} />}
      empty={() => (
        <EmptyState icon={ShieldCheckmarkRegular} title="No damage">
          Storage Servers read every stored byte once a week, and say here what is not as it was stored.
        </EmptyState>
      )}
    >
      {chosen.name !== undefined && <DamagePanel id={chosen.name} onClose={chosen.close} />}
    </ListPage>
  );
}
