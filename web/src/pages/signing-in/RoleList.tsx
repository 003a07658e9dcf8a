import { Button, Card, makeStyles, Subtitle2 } from "@fluentui/react-components";
import { AddRegular, ArrowUpRegular, DeleteRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";

import type { Role } from "../../api/people";
import { AccessFields } from "../../parts/AccessFields";
import { Buttons } from "../../parts/Buttons";
import { roles as known } from "../administrators/people";

const useStyles = makeStyles({
  add: { alignSelf: "flex-start" },
});

/** What a group may do. */
interface GroupRole {
  role: Role;
  groups?: string[] | null;
}

interface Props<T extends GroupRole> {
  readonly roles: T[];
  readonly onChange: (roles: T[]) => void;
  /** What another one begins as. */
  readonly another: T;
  /** Which group it is. */
  readonly fields: (role: T, onChange: (role: T) => void) => ReactNode;
}

/** Groups and their roles, in the order in which they count. */
export function RoleList<T extends GroupRole>({ roles, onChange, another, fields }: Props<T>) {
  const styles = useStyles();
  const at = (index: number, role: T) =>
    onChange(roles.map((other, place) => (place === index ? role : other)));
  return (
    <>
      <Subtitle2 as="h2">Groups and their roles</Subtitle2>
      {roles.map((role, index) => (
        <Card key={index} role="group" aria-label={`Group ${index + 1}`}>
          {fields(role, (next) => at(index, next))}
          <AccessFields
            access={{ role: role.role, groups: role.groups ?? null }}
            roles={known}
            onChange={(access) =>
              at(index, {
                ...role,
                role: access.role,
                groups: access.groups === null ? null : [...access.groups],
              })
            }
          />
          <Buttons>
            <Button
              size="small"
              icon={<ArrowUpRegular />}
              disabled={index === 0}
              onClick={() => {
                const next = [...roles];
                next.splice(index - 1, 2, role, roles[index - 1] ?? role);
                onChange(next);
              }}
            >
              Counts earlier
            </Button>
            <Button
              size="small"
              icon={<DeleteRegular />}
              onClick={() => onChange(roles.filter((_, place) => place !== index))}
            >
              Remove
            </Button>
          </Buttons>
        </Card>
      ))}
      <Button className={styles.add} icon={<AddRegular />} onClick={() => onChange([...roles, another])}>
        Add a group
      </Button>
    </>
  );
}
