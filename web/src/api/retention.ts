import { api, taggedOf, type Schema, type Tagged } from "./client";

export type ConsoleRetention = Schema<"ConsoleRetention">;

/** How long the console keeps users' sessions and the audit log. */
export async function retention(): Promise<Tagged<ConsoleRetention>> {
  return taggedOf(await api.GET("/api/v1/retention"));
}

/** Says how long. */
export async function replaceRetention(etag: string, body: ConsoleRetention): Promise<void> {
  await api.PUT("/api/v1/retention", { params: { header: { "If-Match": etag } }, body });
}
