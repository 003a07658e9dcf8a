import { Button, Card, makeStyles, Subtitle2, tokens } from "@fluentui/react-components";
import { AddRegular, ArrowUpRegular, DeleteRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  buttons: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  add: { alignSelf: "flex-start" },
});

interface Props<Role> {
  readonly roles: Role[];
  readonly onChange: (roles: Role[]) => void;
  /** What another one begins as. */
  readonly another: Role;
  readonly fields: (role: Role, onChange: (role: Role) => void) => ReactNode;
}

/** Groups and their roles, in the order in which they count. */
export function RoleList<Role>({ roles, onChange, another, fields }: Props<Role>) {
  const styles = useStyles();
  const at = (index: number, role: Role) =>
    onChange(roles.map((other, place) => (place === index ? role : other)));
  return (
    <>
      <Subtitle2 as="h2">Groups and their roles</Subtitle2>
      {roles.map((role, index) => (
        <Card key={index} role="group" aria-label={`Group ${index + 1}`}>
          {fields(role, (next) => at(index, next))}
          <div className={styles.buttons}>
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
          </div>
        </Card>
      ))}
      <Button className={styles.add} icon={<AddRegular />} onClick={() => onChange([...roles, another])}>
        Add a group
      </Button>
    </>
  );
}
