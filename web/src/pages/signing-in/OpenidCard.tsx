import { checkOpenidConnect, openidConnect } from "../../api/openid";
import { groupsOf } from "../administrators/people";
import { OpenidPanel } from "./OpenidPanel";
import { ProviderCard } from "./ProviderCard";

/** Whether people of an OpenID Connect provider can sign in, and as what. */
export function OpenidCard() {
  return (
    <ProviderCard
      title="OpenID Connect"
      what="the provider"
      queryKey="openid-connect"
      load={openidConnect}
      check={checkOpenidConnect}
      answered={(answer) =>
        `${answer.issuer} answers. Whether it takes the client's secret, and sends people back to ` +
        `${answer["return-address"]}, shows when somebody signs in.`
      }
      facts={(item) => [
        ["Provider", item.issuer === "" ? "none" : item.issuer],
        ["Sends people back to", item.address === "" ? "nowhere" : item["return-address"]],
        ...item.roles.map((role) => [role.group, `${role.role}, sees ${groupsOf(role.groups)}`] as const),
      ]}
      panel={(found, onClose) => <OpenidPanel found={found} onClose={onClose} />}
    >
      People sign in at the provider, which tells their groups; the first of these groups that they are in
      says what they may do. Accounts of the console itself work also while the provider is away.
    </ProviderCard>
  );
}
