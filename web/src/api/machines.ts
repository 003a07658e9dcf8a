import { api, dataOf, taggedOf, type Paged, type Schema, type Tagged } from "./client";
import type { operations } from "./schema.gen";

export type Machine = Schema<"Machine">;
export type JoinToken = Schema<"JoinToken">;
export type NewJoinToken = Schema<"NewJoinToken">;
export type CreatedJoinToken = Schema<"CreatedJoinToken">;

const change = (id: string, etag: string) => ({ path: { id }, header: { "If-Match": etag } });

/** Which machines. */
export type MachineQuery = NonNullable<operations["list-machines"]["parameters"]["query"]>;

/** Machines that ever joined, page by page. */
export async function machines(query: MachineQuery): Promise<Paged<Machine>> {
  return dataOf(await api.GET("/api/v1/machines", { params: { query } }));
}

/** One machine, with the tag that changes of it need. */
export async function machine(id: string): Promise<Tagged<Machine>> {
  return taggedOf(await api.GET("/api/v1/machines/{id}", { params: { path: { id } } }));
}

/** Puts an Agent Server into a group, or into none. */
export async function assign(id: string, etag: string, group: string | null): Promise<Tagged<Machine>> {
  return taggedOf(await api.PUT("/api/v1/machines/{id}", { params: change(id, etag), body: { group } }));
}

/** Revokes a machine: from now on it reaches nothing. */
export async function revoke(id: string, etag: string): Promise<void> {
  await api.DELETE("/api/v1/machines/{id}", { params: change(id, etag) });
}

/** Join tokens that nobody has used, newest first. */
export async function joinTokens(): Promise<Paged<JoinToken>> {
  return dataOf(await api.GET("/api/v1/join-tokens", { params: { query: { used: false, limit: 200 } } }));
}

/** Makes a join token; its text is told once. */
export async function createJoinToken(body: NewJoinToken): Promise<CreatedJoinToken> {
  return dataOf(await api.POST("/api/v1/join-tokens", { body }));
}

/** Withdraws a join token that nobody has used. */
export async function removeJoinToken(id: string): Promise<void> {
  const { response } = await api.GET("/api/v1/join-tokens/{id}", { params: { path: { id } } });
  const etag = response.headers.get("etag") ?? "";
  await api.DELETE("/api/v1/join-tokens/{id}", { params: change(id, etag) });
}
