import { Link as FluentLink, ToolbarButton } from "@fluentui/react-components";
import { AddRegular, ArrowClockwiseRegular, BoxMultipleRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { dataSubsets, type DataSubset } from "../../api/farm";
import { Command } from "../../parts/Command";
import { CommandBar } from "../../parts/CommandBar";
import { DataTable, type Column } from "../../parts/DataTable";
import { EditPanel } from "../../parts/EditPanel";
import { EmptyState } from "../../parts/EmptyState";
import { Loaded } from "../../parts/Loaded";
import { Page } from "../../parts/Page";
import { PageLink } from "../../parts/PageLink";
import { matches } from "../../parts/sorting";
import { useChosen } from "../../parts/useChosen";
import { appliesText, describeSubset, newSubset } from "./subset";
import { SubsetForm } from "./SubsetForm";
import { SubsetPanel } from "./SubsetPanel";

const count = (rules: readonly unknown[] | undefined) => (rules ?? []).length;

const columns: Column<DataSubset>[] = [
  {
    title: "Name",
    cell: (subset) => (
      <PageLink to={`/data-subsets/${encodeURIComponent(subset.name)}`}>{subset.name}</PageLink>
    ),
    sort: (subset) => subset.name,
  },
  { title: "Description", cell: (subset) => subset.description, wideOnly: true },
  { title: "For", cell: appliesText, sort: appliesText },
  {
    title: "Registry rules",
    width: "130px",
    wideOnly: true,
    cell: (subset) => count(subset.registry),
    sort: (subset) => count(subset.registry),
  },
  {
    title: "Folder rules",
    width: "120px",
    wideOnly: true,
    cell: (subset) => count(subset.folders),
    sort: (subset) => count(subset.folders),
  },
  { title: "Logons", cell: (subset) => (subset.import === "asynchronous" ? "do not wait" : "wait") },
];

/** What to keep of the users' profiles. */
export default function DataSubsetsPage() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [search, setSearch] = useState("");
  const [edited, setEdited] = useState<string | null | undefined>(undefined);
  const chosen = useChosen("/data-subsets");
  const all = useQuery({ queryKey: [dataSubsets.key], queryFn: dataSubsets.list });
  return (
    <Page
      title="Data subsets"
      about="A data subset says which registry keys and which files of special folders outlive a session, for the whole farm or for some groups."
    >
      <CommandBar
        label="Data subsets"
        search={{ text: search, onChange: setSearch, label: "Search names, keys and folders" }}
      >
        <Command needs="configure" icon={<AddRegular />} onClick={() => setEdited(null)}>
          New
        </Command>
        <ToolbarButton
          icon={<ArrowClockwiseRegular />}
          onClick={() => void queries.invalidateQueries({ queryKey: [dataSubsets.key] })}
        >
          Refresh
        </ToolbarButton>
      </CommandBar>
      <Loaded query={all} what="data subsets">
        {(known) =>
          known.length === 0 ? (
            <EmptyState icon={BoxMultipleRegular} title="No data subset yet">
              Until there is one, nothing of a session is kept.{" "}
              <FluentLink inline onClick={() => setEdited(null)}>
                Create a data subset
              </FluentLink>{" "}
              or choose from those of{" "}
              <PageLink inline to="/set-up">
                the first steps
              </PageLink>
              .
            </EmptyState>
          ) : (
            <DataTable
              label="Data subsets"
              columns={columns}
              rows={known.filter((subset) =>
                matches(
                  search,
                  describeSubset(subset).map(([, text]) => text),
                ),
              )}
              id={(subset) => subset.name}
              chosen={chosen.name}
            />
          )
        }
      </Loaded>
      {chosen.name !== undefined && edited === undefined && all.data !== undefined && (
        <SubsetPanel
          name={chosen.name}
          subset={all.data.find((subset) => subset.name === chosen.name)}
          onEdit={() => setEdited(chosen.name)}
          onClose={chosen.close}
        />
      )}
      {edited !== undefined && (
        <EditPanel
          collection={dataSubsets}
          name={edited}
          initial={newSubset}
          describe={describeSubset}
          size="large"
          onClose={() => setEdited(undefined)}
          onSaved={(subset) => {
            setEdited(undefined);
            void navigate(`/data-subsets/${encodeURIComponent(subset.name)}`);
          }}
        >
          {(draft, change, isNew) => <SubsetForm draft={draft} onChange={change} isNew={isNew} />}
        </EditPanel>
      )}
    </Page>
  );
}
