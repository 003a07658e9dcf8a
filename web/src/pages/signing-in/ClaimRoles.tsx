import { Field, Input } from "@fluentui/react-components";

import type { OpenidRole } from "../../api/openid";
import { AccessFields } from "../../parts/AccessFields";
import { roles as known } from "../administrators/people";
import { RoleList } from "./RoleList";

interface Props {
  readonly roles: OpenidRole[];
  readonly onChange: (roles: OpenidRole[]) => void;
}

/** Groups of the provider and their roles. */
export function ClaimRoles({ roles, onChange }: Props) {
  return (
    <RoleList
      roles={roles}
      onChange={onChange}
      another={{ group: "", role: "auditor", groups: null }}
      fields={(role, change) => (
        <>
          <Field label="Group" required hint="As the provider writes it: a name, a path or an identifier">
            <Input value={role.group} onChange={(_, data) => change({ ...role, group: data.value })} />
          </Field>
          <AccessFields
            access={{ role: role.role, groups: role.groups ?? null }}
            roles={known}
            onChange={(access) =>
              change({
                ...role,
                role: access.role,
                groups: access.groups === null ? null : [...access.groups],
              })
            }
          />
        </>
      )}
    />
  );
}
