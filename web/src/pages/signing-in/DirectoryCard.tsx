import { checkDirectory, directory } from "../../api/directory";
import { groupsOf } from "../administrators/people";
import { DirectoryPanel } from "./DirectoryPanel";
import { ProviderCard } from "./ProviderCard";

/** Whether people of Active Directory can sign in, and as what. */
export function DirectoryCard() {
  return (
    <ProviderCard
      title="Active Directory"
      what="the directory"
      queryKey="directory"
      load={directory}
      check={checkDirectory}
      answered={({ server, domain }) => `${server} answers for the domain ${domain}.`}
      facts={(item) => [
        ["Servers", item.servers.length === 0 ? "none" : item.servers.join(", ")],
        ["Asks as", item.account === "" ? "nobody" : item.account],
        ...item.roles.map(
          (role) =>
            [
              role.name == null || role.name === "" ? role.group : role.name,
              `${role.role}, sees ${groupsOf(role.groups)}`,
            ] as const,
        ),
      ]}
      panel={(found, onClose) => <DirectoryPanel found={found} onClose={onClose} />}
    >
      People sign in with the password of the directory, with the role of the first of these groups that they
      are in. Users of the farm are shown with their names. Accounts of the console itself work also while the
      directory is away.
    </ProviderCard>
  );
}
