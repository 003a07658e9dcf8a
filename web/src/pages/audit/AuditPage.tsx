import { Link } from "@fluentui/react-components";
import { HistoryRegular } from "@fluentui/react-icons";
import { useState } from "react";

import { auditLog, type AuditEntry } from "../../api/activity";
import { Choice } from "../../parts/Choice";
import type { Column } from "../../parts/DataTable";
import { EmptyState } from "../../parts/EmptyState";
import { ListPage } from "../../parts/ListPage";
import { isPeriod, periods, sinceOf, type Period } from "../../parts/periods";
import { momentOf } from "../../parts/times";
import { EntryPanel } from "./EntryPanel";

const columnsOf = (show: (entry: AuditEntry) => void): readonly Column<AuditEntry>[] => [
  {
    title: "When",
    order: "id",
    width: "190px",
    cell: (entry) => <Link onClick={() => show(entry)}>{momentOf(entry.at)}</Link>,
  },
  { title: "Who", width: "180px", cell: (entry) => entry.who },
  { title: "What", width: "160px", cell: (entry) => entry.action },
  { title: "To what", cell: (entry) => entry.subject },
  { title: "Details", wideOnly: true, cell: (entry) => entry.details },
];

/** What was done to the farm, by whom. */
export default function AuditPage() {
  const [period, setPeriod] = useState<Period>("all");
  const [shown, setShown] = useState<AuditEntry | null>(null);
  return (
    <ListPage
      title="Audit"
      about="Every change of the farm, with who made it and when."
      label="Audit log"
      search="Search who, what and details"
      queryKey={["audit-log", period]}
      load={(asked) => auditLog({ ...asked, ...sinceOf(period) })}
      columns={columnsOf(setShown)}
      id={(entry) => String(entry.id)}
      chosen={shown === null ? undefined : String(shown.id)}
      order="-id"
      choices={
        <Choice
          beside
          label="Done"
          value={period}
          options={periods}
          onChange={(value) => setPeriod(isPeriod(value) ? value : "all")}
        />
      }
      empty={() => (
        <EmptyState icon={HistoryRegular} title="Nothing like that was done">
          Search for less, or in a longer time.
        </EmptyState>
      )}
    >
      {shown !== null && <EntryPanel entry={shown} onClose={() => setShown(null)} />}
    </ListPage>
  );
}
