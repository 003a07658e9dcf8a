import { Button, Checkbox, Field, Input, Switch, Text, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Tagged } from "../../api/client";
import { createWebhook, replaceWebhook, type Webhook, type WebhookForm } from "../../api/webhooks";
import { Copyable } from "../../parts/Copyable";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { ProblemBar } from "../../parts/ProblemBar";
import { formOf, KINDS, newWebhook } from "./webhook";

interface Props {
  /** Null for a new one. */
  readonly found: Tagged<Webhook> | null;
  readonly onClose: () => void;
}

/** The form of a webhook; of a new one it shows the secret, once. */
export function WebhookPanel({ found, onClose }: Props) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<WebhookForm>(found === null ? newWebhook : formOf(found.item));
  const change = (part: Partial<WebhookForm>) => setDraft({ ...draft, ...part });
  const save = useMutation({
    mutationFn: async () => {
      if (found === null) return createWebhook(draft);
      await replaceWebhook(found.item.name, found.etag, draft);
      return undefined;
    },
    onSuccess: async (secret) => {
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
      if (secret === undefined) onClose();
    },
  });
  const secret = save.data;
  return (
    <DetailsPanel
      title={found === null ? "New webhook" : found.item.name}
      open
      onClose={onClose}
      footer={
        secret === undefined ? (
          <>
            <Button
              appearance="primary"
              disabled={save.isPending || draft.name === "" || draft.url === ""}
              onClick={() => save.mutate()}
            >
              Save
            </Button>
            <Button onClick={onClose}>Cancel</Button>
          </>
        ) : (
          <Button onClick={onClose}>Close</Button>
        )
      }
    >
      <ProblemBar error={save.error} title="Not saved" />
      {secret !== undefined ? (
        <Secret secret={secret} />
      ) : (
        <>
          <Field label="Name" required>
            <Input value={draft.name} onChange={(_, data) => change({ name: data.value })} />
          </Field>
          <Field label="Address" required hint="HTTPS, such as https://alerts.example.com/metaprofiles">
            <Input value={draft.url} onChange={(_, data) => change({ url: data.value })} />
          </Field>
          <Field label="Told when">
            <div role="group" aria-label="Told when">
              {KINDS.map(([kind, text]) => (
                <div key={kind}>
                  <Checkbox
                    label={text}
                    checked={draft.kinds.includes(kind)}
                    onChange={(_, data) =>
                      change({
                        kinds: data.checked
                          ? [...draft.kinds, kind]
                          : draft.kinds.filter((known) => known !== kind),
                      })
                    }
                  />
                </div>
              ))}
            </div>
          </Field>
          <Field
            label="Certificates of the authorities that sign the receiver's certificate"
            hint="PEM; those that the console's system trusts if empty"
          >
            <Textarea
              value={draft.certificates ?? ""}
              onChange={(_, data) => change({ certificates: data.value })}
            />
          </Field>
          <Switch
            label="Enabled"
            checked={draft.enabled ?? true}
            onChange={(_, data) => change({ enabled: data.checked })}
          />
        </>
      )}
    </DetailsPanel>
  );
}

/** A secret that is told once. */
export function Secret({ secret }: { readonly secret: string }) {
  return (
    <>
      <Text>
        The secret is shown only now. Requests are signed with it after Standard Webhooks; give it to the
        receiver.
      </Text>
      <Copyable text={secret} label="the secret" />
    </>
  );
}
