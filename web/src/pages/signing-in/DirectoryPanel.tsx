import { Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";

import type { Tagged } from "../../api/client";
import { replaceDirectory, type Directory } from "../../api/directory";
import { PasswordField } from "../../parts/PasswordField";
import { GroupFields } from "./GroupFields";
import { ProviderPanel } from "./ProviderPanel";
import { RoleList } from "./RoleList";
import { secretHint, words } from "./text";

interface Props {
  readonly found: Tagged<Directory>;
  readonly onClose: () => void;
}

/** The form of the directory. */
export function DirectoryPanel({ found: { item, etag }, onClose }: Props) {
  const [draft, setDraft] = useState(item);
  const [servers, setServers] = useState(item.servers.join("\n"));
  const [password, setPassword] = useState("");
  const change = (part: Partial<Directory>) => setDraft({ ...draft, ...part });
  return (
    <ProviderPanel
      title="Active Directory"
      what="the directory"
      draft={draft}
      onChange={change}
      onSave={() =>
        replaceDirectory(etag, {
          enabled: draft.enabled,
          servers: words(servers),
          base: draft.base,
          account: draft.account,
          certificates: draft.certificates,
          roles: draft.roles,
          ...(password === "" ? {} : { password }),
        })
      }
      queryKeys={["directory"]}
      onClose={onClose}
      roles={
        <RoleList
          roles={draft.roles}
          onChange={(roles) => change({ roles })}
          another={{ group: "", name: "", role: "auditor", groups: null }}
          fields={(role, onChange) => <GroupFields role={role} onChange={onChange} />}
        />
      }
    >
      <Field
        label="Domain controllers"
        required
        hint="One on each line, in the order in which they are tried; host or host:port, 636 where there is no port"
      >
        <Textarea value={servers} onChange={(_, data) => setServers(data.value)} />
      </Field>
      <Field label="Look below" hint="A distinguished name; the whole domain if empty">
        <Input value={draft.base} onChange={(_, data) => change({ base: data.value })} />
      </Field>
      <Field
        label="Account that asks"
        required
        hint="name@domain or a distinguished name; it needs no more than to read"
      >
        <Input value={draft.account} onChange={(_, data) => change({ account: data.value })} />
      </Field>
      <PasswordField
        label="Its password"
        hint={secretHint(item["has-password"])}
        value={password}
        onChange={setPassword}
      />
    </ProviderPanel>
  );
}
