import { api, dataOf, type Schema, type Tagged } from "./client";

export type Imported = Schema<"Imported">;
export type Changed = Schema<"Changed">;

const asIs = { bodySerializer: (body: string) => body, headers: { "Content-Type": "application/toml" } };

/** All that administrators describe, as one text. */
export async function exportConfiguration(): Promise<Tagged<string>> {
  const answer = await api.GET("/api/v1/configuration", { parseAs: "text" });
  return { item: answer.data ?? "", etag: answer.response.headers.get("etag") ?? "" };
}

/** What an import would change. */
export async function tryImport(body: string): Promise<Imported> {
  const params = { query: { "dry-run": true } };
  return dataOf(await api.PUT("/api/v1/configuration", { ...asIs, params, body }));
}

/** Makes a text the whole configuration, if it is still what the tag says. */
export async function importConfiguration(body: string, etag: string): Promise<Imported> {
  const params = { header: { "If-Match": etag } };
  return dataOf(await api.PUT("/api/v1/configuration", { ...asIs, params, body }));
}
