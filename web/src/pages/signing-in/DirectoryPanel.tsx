import { Button, Field, Input, Switch, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Tagged } from "../../api/client";
import { replaceDirectory, type Directory } from "../../api/directory";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { ProblemBar } from "../../parts/ProblemBar";
import { GroupRoles } from "./GroupRoles";

interface Props {
  readonly found: Tagged<Directory>;
  readonly onClose: () => void;
}

/** The form of the directory. */
export function DirectoryPanel({ found: { item, etag }, onClose }: Props) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(item);
  const [servers, setServers] = useState(item.servers.join("\n"));
  const [password, setPassword] = useState("");
  const change = (part: Partial<Directory>) => setDraft({ ...draft, ...part });
  const save = useMutation({
    mutationFn: () =>
      replaceDirectory(etag, {
        enabled: draft.enabled,
        servers: servers.split(/\s+/).filter((server) => server !== ""),
        base: draft.base,
        account: draft.account,
        certificates: draft.certificates,
        roles: draft.roles,
        ...(password === "" ? {} : { password }),
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["directory"] });
      onClose();
    },
  });
  return (
    <DetailsPanel
      title="Active Directory"
      open
      size="large"
      onClose={onClose}
      footer={
        <>
          <Button appearance="primary" disabled={save.isPending} onClick={() => save.mutate()}>
            Save
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <ProblemBar error={save.error} title="Not saved" />
      <Switch
        label="People of the directory can sign in"
        checked={draft.enabled}
        onChange={(_, data) => change({ enabled: data.checked })}
      />
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
      <Field
        label="Its password"
        hint={item["has-password"] ? "Kept as it is if empty; it is never shown" : "It is never shown"}
      >
        <Input
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={(_, data) => setPassword(data.value)}
        />
      </Field>
      <Field
        label="Certificates of the authorities that sign the servers' certificates"
        hint="PEM; those that the console's system trusts if empty"
      >
        <Textarea value={draft.certificates} onChange={(_, data) => change({ certificates: data.value })} />
      </Field>
      <GroupRoles roles={draft.roles} onChange={(roles) => change({ roles })} />
    </DetailsPanel>
  );
}
