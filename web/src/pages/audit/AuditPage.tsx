import { Link, ToolbarButton } from "@fluentui/react-components";
import { ArrowClockwiseRegular, HistoryRegular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { auditLog, type AuditEntry } from "../../api/activity";
import { Choice } from "../../parts/Choice";
import { CommandBar } from "../../parts/CommandBar";
import type { Column } from "../../parts/DataTable";
import { EmptyState } from "../../parts/EmptyState";
import { Page } from "../../parts/Page";
import { PagedTable } from "../../parts/PagedTable";
import { isPeriod, periods, sinceOf, type Period } from "../../parts/periods";
import { momentOf } from "../../parts/times";
import { useSettled } from "../../parts/useSettled";
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
  const queries = useQueryClient();
  const [search, setSearch] = useState("");
  const [period, setPeriod] = useState<Period>("all");
  const [order, setOrder] = useState("-id");
  const [shown, setShown] = useState<AuditEntry | null>(null);
  const settled = useSettled(search);
  return (
    <Page title="Audit" about="Every change of the farm, with who made it and when.">
      <CommandBar
        label="Audit"
        search={{ text: search, onChange: setSearch, label: "Search who, what and details" }}
      >
        <ToolbarButton
          icon={<ArrowClockwiseRegular />}
          onClick={() => void queries.invalidateQueries({ queryKey: ["audit-log"] })}
        >
          Refresh
        </ToolbarButton>
        <Choice
          beside
          label="Done"
          value={period}
          options={periods}
          onChange={(value) => setPeriod(isPeriod(value) ? value : "all")}
        />
      </CommandBar>
      <PagedTable
        label="Audit log"
        queryKey={["audit-log", settled, period, order]}
        load={(after) =>
          auditLog({
            sort: order,
            ...sinceOf(period),
            ...(settled === "" ? {} : { search: settled }),
            ...(after === undefined ? {} : { after }),
          })
        }
        columns={columnsOf(setShown)}
        chosen={shown === null ? undefined : String(shown.id)}
        id={(entry) => String(entry.id)}
        order={{ order, onChange: setOrder }}
        empty={
          <EmptyState icon={HistoryRegular} title="Nothing like that was done">
            Search for less, or in a longer time.
          </EmptyState>
        }
      />
      {shown !== null && <EntryPanel entry={shown} onClose={() => setShown(null)} />}
    </Page>
  );
}
