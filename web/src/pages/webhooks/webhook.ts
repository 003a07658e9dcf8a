import type { SignalKind, Webhook, WebhookForm, WebhookResult } from "../../api/webhooks";
import { momentOf } from "../../parts/times";

/** What can be told, and how a person reads it. */
export const KINDS: readonly (readonly [SignalKind, string])[] = [
  ["session-failed", "The work for a session failed"],
  ["session-not-merged", "A session went on without its settings"],
  ["session-quarantined", "A session's settings are kept beside the stored ones"],
  ["quota-refused", "A user's settings are longer than the quota"],
  ["quota-near", "A user's settings take much of the quota"],
  ["storage-space-low", "A Storage Server has little free space"],
  ["storage-failing", "A Storage Server cannot use its store"],
  ["storage-damaged", "A Storage Server found damage"],
  ["storage-away", "A Storage Server was not heard of for five minutes"],
  ["storage-back", "A Storage Server is there again"],
  ["agent-away", "An Agent was not heard of for five minutes"],
  ["agent-back", "An Agent is there again"],
];

/** A webhook that is yet to be described: it tells all that an administrator wants to be woken for. */
export const newWebhook: WebhookForm = {
  name: "",
  url: "",
  kinds: [
    "session-failed",
    "session-not-merged",
    "quota-refused",
    "storage-space-low",
    "storage-failing",
    "storage-damaged",
    "storage-away",
  ],
  certificates: "",
  enabled: true,
};

/** The part of a webhook that an administrator describes. */
export const formOf = ({ name, url, kinds, certificates, enabled }: Webhook): WebhookForm => ({
  name,
  url,
  kinds,
  certificates,
  enabled,
});

/** What came of a request. */
export function resultOf(result: WebhookResult | null | undefined): string {
  if (result == null) return "nothing was told yet";
  const when = momentOf(result.at);
  return result.told ? `taken ${when}, status ${result.status}` : `not taken ${when}: ${result.error}`;
}
