import { Checkbox, Field, Label, Radio, RadioGroup, useId } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { groups } from "../api/farm";
import type { Role } from "../api/people";
import { Choice } from "./Choice";

/** A role, and the groups that it is held to. */
export interface Access {
  readonly role: Role;
  /** Null: the whole farm. */
  readonly groups: readonly string[] | null;
}

interface Props {
  readonly access: Access;
  readonly roles: readonly (readonly [Role, string])[];
  readonly onChange: (access: Access) => void;
  /** Whether groups can be chosen for every role. */
  readonly anyRole?: boolean;
}

/** Chooses a role and its groups. */
export function AccessFields({ access, roles, onChange, anyRole = false }: Props) {
  const known = useQuery({ queryKey: [groups.key], queryFn: groups.list });
  const held = anyRole || access.role !== "administrator";
  const chosen = access.groups ?? [];
  const labelled = useId("groups");
  return (
    <>
      <Choice
        label="Role"
        value={access.role}
        options={roles}
        onChange={(value) => {
          const role = value as Role;
          onChange({ role, groups: role === "administrator" && !anyRole ? null : access.groups });
        }}
      />
      {held && (
        <Field label="Sees machines, users and sessions of">
          <RadioGroup
            value={access.groups === null ? "all" : "some"}
            onChange={(_, data) => onChange({ ...access, groups: data.value === "all" ? null : [] })}
          >
            <Radio value="all" label="The whole farm" />
            <Radio value="some" label="Some Agent Server Groups" />
          </RadioGroup>
        </Field>
      )}
      {held && access.groups !== null && (
        // A field would ask for each of the boxes to be checked.
        <div role="group" aria-labelledby={labelled}>
          <Label id={labelled} required>
            Agent Server Groups
          </Label>
          <div>
            {(known.data ?? []).map(({ name }) => (
              <Checkbox
                key={name}
                label={name}
                checked={chosen.includes(name)}
                onChange={(_, data) =>
                  onChange({
                    ...access,
                    groups:
                      data.checked === true ? [...chosen, name] : chosen.filter((other) => other !== name),
                  })
                }
              />
            ))}
            {known.data?.length === 0 && "The farm has no Agent Server Group yet."}
          </div>
        </div>
      )}
    </>
  );
}

/** Whether all is chosen that has to be. */
export const isComplete = (access: Access) => access.groups === null || access.groups.length > 0;
