import { Button, ToolbarButton } from "@fluentui/react-components";
import { AddRegular, ArrowClockwiseRegular, PlugConnectedRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Tagged } from "../../api/client";
import { removeWebhook, renewSecret, testWebhook, webhook, webhooks, type Webhook } from "../../api/webhooks";
import { Command } from "../../parts/Command";
import { CommandBar } from "../../parts/CommandBar";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { DataTable, type Column } from "../../parts/DataTable";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { EmptyState } from "../../parts/EmptyState";
import { Facts } from "../../parts/Facts";
import { FormDialog } from "../../parts/FormDialog";
import { Loaded } from "../../parts/Loaded";
import { Page } from "../../parts/Page";
import { PageLink } from "../../parts/PageLink";
import { useChosen } from "../../parts/useChosen";
import { KINDS, resultOf } from "./webhook";
import { Secret, WebhookPanel } from "./WebhookPanel";

const columns: readonly Column<Webhook>[] = [
  {
    title: "Name",
    cell: (hook) => <PageLink to={`/webhooks/${encodeURIComponent(hook.name)}`}>{hook.name}</PageLink>,
    sort: (hook) => hook.name,
  },
  { title: "Address", cell: (hook) => hook.url, sort: (hook) => hook.url },
  { title: "Enabled", width: "100px", cell: (hook) => (hook.enabled ? "yes" : "no") },
  { title: "Waiting", width: "100px", cell: (hook) => hook.waiting.toLocaleString() },
  { title: "Last result", wideOnly: true, cell: (hook) => resultOf(hook.last) },
];

/** Where other programs are told when something fails. */
export default function WebhooksPage() {
  const queries = useQueryClient();
  const chosen = useChosen("/webhooks");
  const [edited, setEdited] = useState<Tagged<Webhook> | null | undefined>(undefined);
  const found = useQuery({ queryKey: ["webhooks"], queryFn: webhooks, refetchInterval: 15_000 });
  return (
    <Page title="Webhooks" about="The console tells other programs over HTTPS when something fails.">
      <CommandBar label="Webhooks">
        <Command needs="configure" icon={<AddRegular />} onClick={() => setEdited(null)}>
          New
        </Command>
        <ToolbarButton
          icon={<ArrowClockwiseRegular />}
          onClick={() => void queries.invalidateQueries({ queryKey: ["webhooks"] })}
        >
          Refresh
        </ToolbarButton>
      </CommandBar>
      <Loaded query={found} what="webhooks">
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={PlugConnectedRegular} title="There is no webhook">
              Make one for the program that wakes you when sessions fail or a Storage Server is away.
            </EmptyState>
          ) : (
            <DataTable
              label="Webhooks"
              columns={columns}
              rows={all}
              id={(hook) => hook.name}
              chosen={chosen.name}
            />
          )
        }
      </Loaded>
      {chosen.name !== undefined && edited === undefined && (
        <Details name={chosen.name} onEdit={setEdited} onClose={chosen.close} />
      )}
      {edited !== undefined && <WebhookPanel found={edited} onClose={() => setEdited(undefined)} />}
    </Page>
  );
}

interface DetailsProps {
  readonly name: string;
  readonly onEdit: (found: Tagged<Webhook>) => void;
  readonly onClose: () => void;
}

function Details({ name, onEdit, onClose }: DetailsProps) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<"test" | "secret" | "delete" | null>(null);
  const found = useQuery({ queryKey: ["webhooks", name], queryFn: () => webhook(name) });
  const refresh = () => queries.invalidateQueries({ queryKey: ["webhooks"] });
  const close = () => setAsked(null);
  return (
    <DetailsPanel title={name} open onClose={onClose}>
      <Loaded query={found} what="the webhook">
        {({ item, etag }) => (
          <>
            <div style={{ display: "flex", flexWrap: "wrap", gap: "8px" }}>
              <Button appearance="primary" onClick={() => setAsked("test")}>
                Send a test
              </Button>
              <Button onClick={() => onEdit({ item, etag })}>Edit</Button>
              <Button onClick={() => setAsked("secret")}>New secret</Button>
              <Button onClick={() => setAsked("delete")}>Delete</Button>
            </div>
            <Facts
              facts={[
                ["Address", item.url],
                [
                  "Told when",
                  KINDS.filter(([kind]) => item.kinds.includes(kind)).map(([kind, text]) => (
                    <div key={kind}>{text}</div>
                  )),
                ],
                [
                  "Trusts",
                  item.certificates === "" ? "the authorities of the system" : "its own authorities",
                ],
                ["Enabled", item.enabled ? "yes" : "no"],
                ["Waiting", item.waiting.toLocaleString()],
                ["Given up, 7 days", item["given-up"].toLocaleString()],
                ["Last result", resultOf(item.last)],
              ]}
            />
            {asked === "test" && (
              <FormDialog
                title="Send a test?"
                action="Send"
                ready
                onDo={async () => {
                  const result = await testWebhook(item.name);
                  await refresh();
                  return result;
                }}
                told={(result) => resultOf(result)}
                onClose={close}
              >
                The receiver gets a request of the type “test”, signed as all others.
              </FormDialog>
            )}
            {asked === "secret" && (
              <FormDialog
                title="Make a new secret?"
                action="Make it"
                ready
                onDo={async () => {
                  const secret = await renewSecret(item.name, etag);
                  await refresh();
                  return secret;
                }}
                told={(secret) => <Secret secret={secret} />}
                onClose={close}
              >
                Requests are signed with the new one from now on; the receiver has to know it first.
              </FormDialog>
            )}
            {asked === "delete" && (
              <ConfirmDialog
                title={`Delete ${item.name}?`}
                action="Delete"
                onConfirm={async () => {
                  await removeWebhook(item.name, etag);
                  await refresh();
                  onClose();
                }}
                onClose={close}
              >
                What waits to be told is not told any more.
              </ConfirmDialog>
            )}
          </>
        )}
      </Loaded>
    </DetailsPanel>
  );
}
