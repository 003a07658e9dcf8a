import { PeopleRegular, PersonAddRegular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { administrators, type Administrator } from "../../api/people";
import { Command } from "../../parts/Command";
import type { Column } from "../../parts/DataTable";
import { EmptyState } from "../../parts/EmptyState";
import { ListPage } from "../../parts/ListPage";
import { PageLink } from "../../parts/PageLink";
import { dayOf } from "../../parts/times";
import { useChosen } from "../../parts/useChosen";
import { AdministratorPanel } from "./AdministratorPanel";
import { NewAdministratorDialog } from "./dialogs";
import { groupsOf, origins, stateOf } from "./people";

const columns: readonly Column<Administrator>[] = [
  {
    title: "Name",
    order: "name",
    cell: (person) => (
      <PageLink to={`/administrators/${encodeURIComponent(person.name)}`}>{person.name}</PageLink>
    ),
  },
  { title: "Role", width: "140px", cell: (person) => person.role },
  { title: "Sees", cell: (person) => groupsOf(person.groups) },
  { title: "State", cell: (person) => stateOf(person, Date.now()) },
  {
    title: "Second factor",
    width: "130px",
    wideOnly: true,
    cell: (person) => (person["second-factor"] ? "enrolled" : "none"),
  },
  { title: "Account of", width: "150px", wideOnly: true, cell: (person) => origins[person.origin] },
  {
    title: "Created",
    order: "created",
    width: "140px",
    wideOnly: true,
    cell: (person) => dayOf(person.created),
  },
];

/** Who may sign in, and what they may do. */
export default function AdministratorsPage() {
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const chosen = useChosen("/administrators");
  return (
    <ListPage
      title="Administrators"
      about="Who may sign in to the console, and what each of them may do. A role can be held to some Agent Server Groups."
      search="Search administrators"
      queryKey={["administrators"]}
      load={administrators}
      columns={columns}
      id={(person) => person.name}
      chosen={chosen.name}
      order="name"
      commands={
        <Command needs="people" icon={<PersonAddRegular />} onClick={() => setAdding(true)}>
          New
        </Command>
      }
      empty={() => (
        <EmptyState icon={PeopleRegular} title="Nobody is called that">
          Search for less.
        </EmptyState>
      )}
    >
      {chosen.name !== undefined && <AdministratorPanel name={chosen.name} onClose={chosen.close} />}
      {adding && (
        <NewAdministratorDialog
          onCreated={() => queries.invalidateQueries({ queryKey: ["administrators"] })}
          onClose={() => setAdding(false)}
        />
      )}
    </ListPage>
  );
}
