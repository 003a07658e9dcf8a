import { Toolbar } from "@fluentui/react-components";
import {
  DeleteRegular,
  KeyResetRegular,
  LockOpenRegular,
  PersonAvailableRegular,
  PersonEditRegular,
  PersonProhibitedRegular,
  PhoneDismissRegular,
} from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import {
  administrator,
  changeAdministrator,
  removeAdministrator,
  resetSecondFactor,
  unlockAdministrator,
} from "../../api/people";
import { Command } from "../../parts/Command";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { Facts } from "../../parts/Facts";
import { Loaded } from "../../parts/Loaded";
import { momentOf } from "../../parts/times";
import { useSession } from "../../parts/useSession";
import { ResetPasswordDialog, RoleDialog } from "./dialogs";
import { groupsOf, isLocked, origins, stateOf } from "./people";

interface Props {
  readonly name: string;
  readonly onClose: () => void;
}

const OWN = "This is your own account. Let another administrator do it, so that nobody shuts himself out.";

/** One account, and what can be done with it. */
export function AdministratorPanel({ name, onClose }: Props) {
  const queries = useQueryClient();
  const session = useSession();
  const [asked, setAsked] = useState<string | null>(null);
  const found = useQuery({ queryKey: ["administrators", "one", name], queryFn: () => administrator(name) });
  const changed = () => queries.invalidateQueries({ queryKey: ["administrators"] });
  const done = () => setAsked(null);
  return (
    <DetailsPanel title={name} open onClose={onClose}>
      <Loaded query={found} what="the account">
        {({ item, etag }) => {
          const own = item.name === session?.name ? OWN : undefined;
          const elsewhere =
            item.origin === "local" ? undefined : `The account comes from ${origins[item.origin]}.`;
          const confirm = (title: string, action: string, text: string, act: () => Promise<void>) => (
            <ConfirmDialog
              title={title}
              action={action}
              onConfirm={async () => {
                await act();
                await changed();
              }}
              onClose={done}
            >
              {text}
            </ConfirmDialog>
          );
          return (
            <>
              <Toolbar aria-label={`Account ${item.name}`} style={{ flexWrap: "wrap" }}>
                <Command
                  needs="people"
                  icon={<PersonEditRegular />}
                  because={own ?? elsewhere}
                  onClick={() => setAsked("role")}
                >
                  Change role
                </Command>
                <Command
                  needs="people"
                  icon={<KeyResetRegular />}
                  because={elsewhere}
                  onClick={() => setAsked("password")}
                >
                  Reset password
                </Command>
                <Command
                  needs="people"
                  icon={<LockOpenRegular />}
                  because={isLocked(item, Date.now()) ? undefined : "The account is not locked."}
                  onClick={() => setAsked("unlock")}
                >
                  Unlock
                </Command>
                <Command
                  needs="people"
                  icon={<PhoneDismissRegular />}
                  because={own ?? (item["second-factor"] ? undefined : "The account has no second factor.")}
                  onClick={() => setAsked("factor")}
                >
                  Reset second factor
                </Command>
                <Command
                  needs="people"
                  icon={item.disabled ? <PersonAvailableRegular /> : <PersonProhibitedRegular />}
                  because={own}
                  onClick={() => setAsked("disable")}
                >
                  {item.disabled ? "Enable" : "Disable"}
                </Command>
                <Command
                  needs="people"
                  icon={<DeleteRegular />}
                  because={own}
                  onClick={() => setAsked("remove")}
                >
                  Remove
                </Command>
              </Toolbar>
              <Facts
                facts={[
                  ["State", stateOf(item, Date.now())],
                  ["Role", item.role],
                  ["Sees", groupsOf(item.groups)],
                  ["Account of", origins[item.origin]],
                  ["Second factor", item["second-factor"] ? "enrolled" : "none"],
                  ["Created", momentOf(item.created)],
                ]}
              />
              {asked === "role" && <RoleDialog person={{ item, etag }} onChanged={changed} onClose={done} />}
              {asked === "password" && (
                <ResetPasswordDialog person={{ item, etag }} onChanged={changed} onClose={done} />
              )}
              {asked === "unlock" &&
                confirm(
                  `Unlock ${item.name}?`,
                  "Unlock",
                  "Ten sign-ins in a row have failed. From now on the password is looked at again; ask its owner whether it was he who tried.",
                  () => unlockAdministrator(item.name, etag),
                )}
              {asked === "factor" &&
                confirm(
                  `Reset the second factor of ${item.name}?`,
                  "Reset",
                  "Whoever knows the password can then sign in without a code, so make sure that it is really the owner who asks. All sessions of the account end.",
                  () => resetSecondFactor(item.name, etag),
                )}
              {asked === "disable" &&
                confirm(
                  `${item.disabled ? "Enable" : "Disable"} ${item.name}?`,
                  item.disabled ? "Enable" : "Disable",
                  item.disabled
                    ? "The account can be signed in with again, with the password that it had."
                    : "Nobody can sign in with the account, its sessions end, and its API tokens are good for nothing.",
                  () =>
                    changeAdministrator(item.name, etag, {
                      role: item.role,
                      groups: item.groups ?? null,
                      disabled: !item.disabled,
                    }),
                )}
              {asked === "remove" &&
                confirm(
                  `Remove ${item.name}?`,
                  "Remove",
                  "The account goes with its sessions and API tokens. What it did stays in the audit log.",
                  async () => {
                    await removeAdministrator(item.name, etag);
                    onClose();
                  },
                )}
            </>
          );
        }}
      </Loaded>
    </DetailsPanel>
  );
}
