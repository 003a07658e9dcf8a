import { Badge, Text } from "@fluentui/react-components";
import type { ReactNode } from "react";

import type { ShownChange } from "../../../api/dataSets";
import { DataTable, type Column } from "../../../parts/DataTable";
import { Held } from "./Held";
import { placeOf } from "./items";

const COLORS = { added: "success", changed: "warning", removed: "danger" } as const;

interface Props {
  readonly label: string;
  readonly changes: readonly ShownChange[];
  readonly before: string;
  readonly after: string;
  /** What can be done about a change. */
  readonly action?: (change: ShownChange) => ReactNode;
  readonly footer?: ReactNode;
}

/** What differs, with before and after. */
export function ChangeTable({ label, changes, before, after, action, footer }: Props) {
  const columns: Column<ShownChange>[] = [
    {
      title: "Change",
      width: "100px",
      wideOnly: true,
      cell: (change) => (
        <Badge appearance="tint" color={COLORS[change.differs]}>
          {change.differs}
        </Badge>
      ),
      sort: (change) => change.differs,
    },
    { title: "What", cell: (change) => <Text>{placeOf(change)}</Text>, sort: placeOf },
    { title: before, cell: (change) => <Held item={change.before} /> },
    { title: after, cell: (change) => <Held item={change.after} /> },
  ];
  if (action !== undefined) columns.push({ title: "", width: "110px", cell: action });
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={changes}
      id={(change) => `${change.sort} ${placeOf(change)}`}
      footer={footer}
    />
  );
}
