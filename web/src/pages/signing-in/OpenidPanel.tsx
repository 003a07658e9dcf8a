import { Button, Field, Input, Switch, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Tagged } from "../../api/client";
import { replaceOpenidConnect, RETURN, type OpenidConnect } from "../../api/openid";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { ProblemBar } from "../../parts/ProblemBar";
import { ClaimRoles } from "./ClaimRoles";

interface Props {
  readonly found: Tagged<OpenidConnect>;
  readonly onClose: () => void;
}

/** The form of the provider. */
export function OpenidPanel({ found: { item, etag }, onClose }: Props) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState({
    ...item,
    address: item.address === "" ? window.location.origin : item.address,
  });
  const [scopes, setScopes] = useState(item.scopes.join(" "));
  const [secret, setSecret] = useState("");
  const change = (part: Partial<OpenidConnect>) => setDraft({ ...draft, ...part });
  const save = useMutation({
    mutationFn: () =>
      replaceOpenidConnect(etag, {
        enabled: draft.enabled,
        name: draft.name.trim(),
        issuer: draft.issuer.trim(),
        "client-id": draft["client-id"].trim(),
        address: draft.address.trim(),
        scopes: scopes.split(/\s+/).filter((scope) => scope !== ""),
        "name-claim": draft["name-claim"].trim(),
        "groups-claim": draft["groups-claim"].trim(),
        certificates: draft.certificates,
        roles: draft.roles,
        ...(secret === "" ? {} : { "client-secret": secret }),
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["openid-connect"] });
      await queries.invalidateQueries({ queryKey: ["sign-in-options"] });
      onClose();
    },
  });
  return (
    <DetailsPanel
      title="OpenID Connect"
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
        label="People of the provider can sign in"
        checked={draft.enabled}
        onChange={(_, data) => change({ enabled: data.checked })}
      />
      <Field label="Name of the provider" required hint="The sign-in page says: Sign in with …">
        <Input value={draft.name} onChange={(_, data) => change({ name: data.value })} />
      </Field>
      <Field label="Issuer" required hint="https://…, letter by letter as the provider says it">
        <Input value={draft.issuer} onChange={(_, data) => change({ issuer: data.value })} />
      </Field>
      <Field label="Client identifier" required hint="As which the provider knows this console">
        <Input value={draft["client-id"]} onChange={(_, data) => change({ "client-id": data.value })} />
      </Field>
      <Field
        label="Client's secret"
        hint={item["has-client-secret"] ? "Kept as it is if empty; it is never shown" : "It is never shown"}
      >
        <Input
          type="password"
          autoComplete="new-password"
          value={secret}
          onChange={(_, data) => setSecret(data.value)}
        />
      </Field>
      <Field
        label="Address of this console"
        required
        hint={`Where people open it. Let the provider send people back to ${draft.address.trim()}${RETURN}`}
      >
        <Input value={draft.address} onChange={(_, data) => change({ address: data.value })} />
      </Field>
      <Field label="Scopes" hint="Asked for beside openid, with spaces between">
        <Input value={scopes} onChange={(_, data) => setScopes(data.value)} />
      </Field>
      <Field label="Claim that names the account" required>
        <Input value={draft["name-claim"]} onChange={(_, data) => change({ "name-claim": data.value })} />
      </Field>
      <Field
        label="Claim that holds the groups"
        required
        hint="Within others with dots between: realm_access.roles"
      >
        <Input value={draft["groups-claim"]} onChange={(_, data) => change({ "groups-claim": data.value })} />
      </Field>
      <Field
        label="Certificates of the authorities that sign the provider's certificate"
        hint="PEM; those that the console's system trusts if empty"
      >
        <Textarea value={draft.certificates} onChange={(_, data) => change({ certificates: data.value })} />
      </Field>
      <ClaimRoles roles={draft.roles} onChange={(roles) => change({ roles })} />
    </DetailsPanel>
  );
}
