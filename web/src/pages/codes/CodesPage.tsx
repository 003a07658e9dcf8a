import { Link, makeStyles, SearchBox, Text, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { useLocation } from "react-router";

import { DataTable, type Column } from "../../parts/DataTable";
import { EmptyState } from "../../parts/EmptyState";
import { Page } from "../../parts/Page";
import { matches } from "../../parts/sorting";
import { codes, type Explained } from "./codes";

const useStyles = makeStyles({
  search: { maxWidth: "420px" },
  list: { margin: 0, display: "grid", rowGap: tokens.spacingVerticalXS },
  term: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  text: { margin: 0 },
});

const columns: Column<Explained>[] = [
  {
    title: "Code",
    width: "150px",
    cell: (row) => <Link href={`/codes/${row.code}`}>{row.code}</Link>,
    sort: (row) => row.code,
  },
  { title: "From", width: "200px", cell: (row) => row.part, sort: (row) => row.part, wideOnly: true },
  { title: "What it means", cell: (row) => <Explanation row={row} /> },
];

/** What each code means and what to do about it; with a code in the address, that one alone. */
export default function CodesPage() {
  const styles = useStyles();
  const asked = useLocation().pathname.replace(/^\/codes\/?/, "");
  const [search, setSearch] = useState("");
  const found = codes.filter((row) =>
    asked === ""
      ? matches(search, [row.code, row.part, ...row.columns.map(([, text]) => text)])
      : row.code === asked,
  );
  return (
    <Page
      title={asked === "" ? "Codes" : asked}
      about="Every problem, and every item of a session's report, has a code that never changes."
    >
      {asked === "" ? (
        <SearchBox
          className={styles.search}
          aria-label="Search codes"
          placeholder="Search codes"
          value={search}
          onChange={(_, data) => setSearch(data.value)}
        />
      ) : (
        <Link href="/codes">All codes</Link>
      )}
      {found.length === 0 ? (
        <EmptyState title={asked === "" ? "No code like that" : `${asked} is not explained here`}>
          The console may be older than the machine that reported it. Update the console.
        </EmptyState>
      ) : (
        <DataTable label="Codes" columns={columns} rows={found} id={(row) => row.code} />
      )}
    </Page>
  );
}

function Explanation({ row }: { readonly row: Explained }) {
  const styles = useStyles();
  return (
    <dl className={styles.list}>
      {row.columns.map(([title, text]) => (
        <div key={title}>
          <dt className={styles.term}>{title}</dt>
          <dd className={styles.text}>
            <Text>{text}</Text>
          </dd>
        </div>
      ))}
    </dl>
  );
}
