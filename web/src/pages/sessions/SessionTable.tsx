import { useState, type ReactNode } from "react";

import { userSessions, type SessionQuery, type UserSession } from "../../api/activity";
import type { Column } from "../../parts/DataTable";
import { OutcomeBadge } from "../../parts/OutcomeBadge";
import { PagedTable } from "../../parts/PagedTable";
import { PageLink } from "../../parts/PageLink";
import { sinceOf, type Period } from "../../parts/periods";
import { lengthOf, momentOf } from "../../parts/times";

const columns: readonly Column<UserSession>[] = [
  {
    title: "Begun",
    order: "started",
    width: "190px",
    cell: (session) => <PageLink to={`/sessions/${session.id}`}>{momentOf(session.started)}</PageLink>,
  },
  {
    title: "User",
    cell: (session) => <PageLink to={`/users/${session.sid}`}>{session.user ?? session.sid}</PageLink>,
  },
  { title: "Agent Server", cell: (session) => session.host },
  { title: "Outcome", width: "140px", cell: (session) => <OutcomeBadge outcome={session.outcome} /> },
  {
    title: "Logon",
    order: "logon-ms",
    width: "100px",
    wideOnly: true,
    cell: (session) => (session["logon-ms"] == null ? "–" : lengthOf(session["logon-ms"])),
  },
  {
    title: "Overridden",
    width: "110px",
    wideOnly: true,
    cell: (session) => (session.overridden === 0 ? "–" : session.overridden.toLocaleString()),
  },
];

interface Props {
  readonly query: SessionQuery;
  readonly period?: Period;
  readonly empty: ReactNode;
  /** Column that says nothing here. */
  readonly without?: string;
}

/** Sessions, newest first. */
export function SessionTable({ query, period = "all", empty, without }: Props) {
  const [order, setOrder] = useState("-started");
  return (
    <PagedTable
      label="Sessions"
      queryKey={["user-sessions", query, period, order]}
      load={(after) =>
        userSessions({ ...query, ...sinceOf(period), sort: order, ...(after === undefined ? {} : { after }) })
      }
      columns={columns.filter((column) => column.title !== without)}
      id={(session) => session.id}
      order={{ order, onChange: setOrder }}
      empty={empty}
    />
  );
}
