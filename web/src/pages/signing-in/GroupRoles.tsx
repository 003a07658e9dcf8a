import { Button, Field, Input, makeStyles, tokens } from "@fluentui/react-components";
import { SearchRegular } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { directoryGroups, type DirectoryRole } from "../../api/directory";
import { AccessFields } from "../../parts/AccessFields";
import { ProblemBar } from "../../parts/ProblemBar";
import { roles as known } from "../administrators/people";
import { RoleList } from "./RoleList";

const useStyles = makeStyles({
  buttons: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
});

interface Props {
  readonly roles: DirectoryRole[];
  readonly onChange: (roles: DirectoryRole[]) => void;
}

/** Groups of the directory and their roles. */
export function GroupRoles({ roles, onChange }: Props) {
  return (
    <RoleList
      roles={roles}
      onChange={onChange}
      another={{ group: "", name: "", role: "auditor", groups: null }}
      fields={(role, change) => <GroupFields role={role} onChange={change} />}
    />
  );
}

interface FieldsProps {
  readonly role: DirectoryRole;
  readonly onChange: (role: DirectoryRole) => void;
}

/** One group: by its identifier, or looked for by its name once the directory is set up. */
function GroupFields({ role, onChange }: FieldsProps) {
  const styles = useStyles();
  const [text, setText] = useState(role.name ?? "");
  const search = useMutation({ mutationFn: () => directoryGroups(text) });
  return (
    <>
      <ProblemBar error={search.error} title="Cannot search" />
      <Field label="Name of the group" hint="Search works once the directory is set up and enabled">
        <Input
          value={text}
          onChange={(_, data) => {
            setText(data.value);
            onChange({ ...role, name: data.value });
          }}
          contentAfter={
            <Button
              size="small"
              appearance="transparent"
              icon={<SearchRegular />}
              aria-label="Search the directory"
              onClick={() => search.mutate()}
            />
          }
        />
      </Field>
      {search.data !== undefined && (
        <div className={styles.buttons}>
          {search.data.length === 0 && "No group's name begins so."}
          {search.data.map((group) => (
            <Button
              key={group.sid}
              size="small"
              onClick={() => {
                setText(group.name);
                onChange({ ...role, group: group.sid, name: group.name });
                search.reset();
              }}
            >
              {group.name}
            </Button>
          ))}
        </div>
      )}
      <Field label="Security identifier" required hint="S-1-5-21-…; it alone counts">
        <Input value={role.group} onChange={(_, data) => onChange({ ...role, group: data.value })} />
      </Field>
      <AccessFields
        access={{ role: role.role, groups: role.groups ?? null }}
        roles={known}
        onChange={(access) =>
          onChange({
            ...role,
            role: access.role,
            groups: access.groups === null ? null : [...access.groups],
          })
        }
      />
    </>
  );
}
