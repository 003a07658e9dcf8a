import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";

import type { Tagged } from "../../api/client";
import { replaceOpenidConnect, RETURN, type OpenidConnect } from "../../api/openid";
import { PasswordField } from "../../parts/PasswordField";
import { ProviderPanel } from "./ProviderPanel";
import { RoleList } from "./RoleList";
import { secretHint, words } from "./text";

interface Props {
  readonly found: Tagged<OpenidConnect>;
  readonly onClose: () => void;
}

/** The form of the provider. */
export function OpenidPanel({ found: { item, etag }, onClose }: Props) {
  const [draft, setDraft] = useState({
    ...item,
    address: item.address === "" ? window.location.origin : item.address,
  });
  const [scopes, setScopes] = useState(item.scopes.join(" "));
  const [secret, setSecret] = useState("");
  const change = (part: Partial<OpenidConnect>) => setDraft({ ...draft, ...part });
  return (
    <ProviderPanel
      title="OpenID Connect"
      what="the provider"
      draft={draft}
      onChange={change}
      onSave={() =>
        replaceOpenidConnect(etag, {
          enabled: draft.enabled,
          name: draft.name.trim(),
          issuer: draft.issuer.trim(),
          "client-id": draft["client-id"].trim(),
          address: draft.address.trim(),
          scopes: words(scopes),
          "name-claim": draft["name-claim"].trim(),
          "groups-claim": draft["groups-claim"].trim(),
          certificates: draft.certificates,
          roles: draft.roles,
          ...(secret === "" ? {} : { "client-secret": secret }),
        })
      }
      queryKeys={["openid-connect", "sign-in-options"]}
      onClose={onClose}
      roles={
        <RoleList
          roles={draft.roles}
          onChange={(roles) => change({ roles })}
          another={{ group: "", role: "auditor", groups: null }}
          fields={(role, onChange) => (
            <Field label="Group" required hint="As the provider writes it: a name, a path or an identifier">
              <Input value={role.group} onChange={(_, data) => onChange({ ...role, group: data.value })} />
            </Field>
          )}
        />
      }
    >
      <Field label="Name of the provider" required hint="The sign-in page says: Sign in with …">
        <Input value={draft.name} onChange={(_, data) => change({ name: data.value })} />
      </Field>
      <Field label="Issuer" required hint="https://…, letter by letter as the provider says it">
        <Input value={draft.issuer} onChange={(_, data) => change({ issuer: data.value })} />
      </Field>
      <Field label="Client identifier" required hint="As which the provider knows this console">
        <Input value={draft["client-id"]} onChange={(_, data) => change({ "client-id": data.value })} />
      </Field>
      <PasswordField
        label="Client's secret"
        hint={secretHint(item["has-client-secret"])}
        value={secret}
        onChange={setSecret}
      />
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
    </ProviderPanel>
  );
}
