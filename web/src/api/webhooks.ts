import { api, dataOf, taggedOf, type Schema, type Tagged } from "./client";

export type Webhook = Schema<"Webhook">;
export type WebhookForm = Schema<"WebhookForm">;
export type WebhookResult = Schema<"WebhookResult">;
export type SignalKind = Schema<"SignalKind">;

const at = (name: string) => ({ path: { name } });
const change = (name: string, etag: string) => ({ path: { name }, header: { "If-Match": etag } });

/** All webhooks, by name. */
export async function webhooks(): Promise<Webhook[]> {
  return dataOf(await api.GET("/api/v1/webhooks"));
}

/** One of them, and the tag that a change needs. */
export async function webhook(name: string): Promise<Tagged<Webhook>> {
  return taggedOf(await api.GET("/api/v1/webhooks/{name}", { params: at(name) }));
}

/** Sets one up. Gives its secret, which is told this once. */
export async function createWebhook(body: WebhookForm): Promise<string> {
  return dataOf(await api.POST("/api/v1/webhooks", { body })).secret;
}

/** Sets it up otherwise. */
export async function replaceWebhook(name: string, etag: string, body: WebhookForm): Promise<void> {
  await api.PUT("/api/v1/webhooks/{name}", { params: change(name, etag), body });
}

/** Gives it a new secret, which is told this once. */
export async function renewSecret(name: string, etag: string): Promise<string> {
  return dataOf(await api.POST("/api/v1/webhooks/{name}/secret", { params: change(name, etag) })).secret;
}

/** Tells it something of no meaning, now. */
export async function testWebhook(name: string): Promise<WebhookResult> {
  return dataOf(await api.POST("/api/v1/webhooks/{name}/test", { params: at(name) }));
}

/** Removes it, and what waits to be told. */
export async function removeWebhook(name: string, etag: string): Promise<void> {
  await api.DELETE("/api/v1/webhooks/{name}", { params: change(name, etag) });
}
