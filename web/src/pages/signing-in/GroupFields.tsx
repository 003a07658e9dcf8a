import { Button, Field, Input } from "@fluentui/react-components";
import { SearchRegular } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { directoryGroups, type DirectoryRole } from "../../api/directory";
import { Buttons } from "../../parts/Buttons";
import { ProblemBar } from "../../parts/ProblemBar";

interface Props {
  readonly role: DirectoryRole;
  readonly onChange: (role: DirectoryRole) => void;
}

/** One group: by its identifier, or looked for by its name once the directory is set up. */
export function GroupFields({ role, onChange }: Props) {
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
        <Buttons>
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
        </Buttons>
      )}
      <Field label="Security identifier" required hint="S-1-5-21-…; it alone counts">
        <Input value={role.group} onChange={(_, data) => onChange({ ...role, group: data.value })} />
      </Field>
    </>
  );
}
