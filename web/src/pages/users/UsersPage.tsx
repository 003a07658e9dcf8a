import { PersonRegular } from "@fluentui/react-icons";
import { useLocation } from "react-router";

import { users, type User } from "../../api/activity";
import { Ago } from "../../parts/Ago";
import type { Column } from "../../parts/DataTable";
import { EmptyState } from "../../parts/EmptyState";
import { ListPage } from "../../parts/ListPage";
import { PageLink } from "../../parts/PageLink";
import { dayOf } from "../../parts/times";
import { VersionPage } from "./data-sets/VersionPage";
import { UserPage } from "./UserPage";

const columns: readonly Column<User>[] = [
  {
    title: "Name",
    cell: (user) => (user.name == null ? "–" : `${user.name}, ${user["display-name"] ?? ""}`),
  },
  {
    title: "SID",
    order: "sid",
    cell: (user) => <PageLink to={`/users/${user.sid}`}>{user.sid}</PageLink>,
  },
  {
    title: "Last session",
    order: "last-seen",
    width: "150px",
    cell: (user) => <Ago time={user["last-seen"]} />,
  },
  {
    title: "On",
    width: "180px",
    cell: (user) => <PageLink to={`/sessions/${user["last-session"]}`}>{user["last-host"]}</PageLink>,
  },
  { title: "Sessions", width: "100px", wideOnly: true, cell: (user) => user.sessions.toLocaleString() },
  { title: "First seen", width: "140px", wideOnly: true, cell: (user) => dayOf(user["first-seen"]) },
];

/** Users of whose sessions Agents have reported; with a SID in the address that one, and of him what follows it. */
export default function UsersPage() {
  const path = useLocation().pathname.replace(/^\/users\/?/, "");
  const [sid = "", part, scope, number] = path.split("/").map(decodeURIComponent);
  if (sid === "") return <UserList />;
  if (part === "data-sets" && scope !== undefined && number !== undefined) {
    return <VersionPage key={path} of={{ sid, scope }} number={Number(number)} />;
  }
  return <UserPage key={sid} sid={sid} tab={part === "data-sets" ? "data-sets" : "sessions"} />;
}

function UserList() {
  return (
    <ListPage
      title="Users"
      about="Everybody of whose sessions an Agent has reported."
      search="Search SID or name"
      queryKey={["users"]}
      load={users}
      columns={columns}
      id={(user) => user.sid}
      order="-last-seen"
      empty={(searched) => (
        <EmptyState icon={PersonRegular} title={searched ? "No such user" : "No user yet"}>
          {searched
            ? "Users are found by any part of their SID or name, after their first session on an Agent Server."
            : "A user appears here after the first session on an Agent Server."}
        </EmptyState>
      )}
    />
  );
}
