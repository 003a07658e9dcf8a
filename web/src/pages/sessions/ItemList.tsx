import { Badge, Tab, TabList, Text } from "@fluentui/react-components";
import { useState } from "react";

import type { SessionItem } from "../../api/activity";
import { Code } from "../../parts/Code";
import { DataTable, type Column } from "../../parts/DataTable";
import { bytesOf } from "../../parts/times";
import { fates, ofFate, type Fate } from "./fates";

const COLORS: Record<Fate, "danger" | "warning" | "success" | "informative"> = {
  overridden: "warning",
  refused: "danger",
  fetched: "informative",
  merged: "success",
  stored: "success",
  skipped: "informative",
};

const columns: readonly Column<SessionItem>[] = [
  { title: "Place", cell: (item) => item.place, sort: (item) => item.place },
  { title: "Data set", width: "120px", cell: (item) => item.scope ?? "–", wideOnly: true },
  { title: "Why", cell: (item) => item.reason },
  {
    title: "Size",
    width: "90px",
    wideOnly: true,
    cell: (item) => (item.bytes == null ? "–" : bytesOf(item.bytes)),
    sort: (item) => item.bytes ?? 0,
  },
  { title: "Code", width: "120px", cell: (item) => <Code code={item.code} />, sort: (item) => item.code },
];

interface Props {
  readonly items: readonly SessionItem[];
  /** How many there were besides. */
  readonly more: number;
}

/** What became of keys, values, files and data sets. */
export function ItemList({ items, more }: Props) {
  const there = fates.filter((fate) => ofFate(items, fate).length > 0);
  const [chosen, setChosen] = useState<Fate | null>(null);
  const fate = chosen ?? there[0];
  if (fate === undefined) return null;
  return (
    <>
      <TabList
        size="small"
        aria-label="What became of items"
        selectedValue={fate}
        onTabSelect={(_, data) => setChosen(data.value as Fate)}
      >
        {there.map((each) => (
          <Tab key={each} value={each}>
            {each}{" "}
            <Badge size="small" appearance="tint" color={COLORS[each]}>
              {ofFate(items, each).length}
            </Badge>
          </Tab>
        ))}
      </TabList>
      <DataTable
        label={`Items ${fate}`}
        columns={columns}
        rows={ofFate(items, fate)}
        id={(item) => `${item.code} ${item.scope ?? ""} ${item.place}`}
      />
      {more > 0 && <Text>There were {more.toLocaleString()} more items, which the Agent only counted.</Text>}
    </>
  );
}
