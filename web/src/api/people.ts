import { api, dataOf, taggedOf, type Paged, type Schema, type Tagged } from "./client";
import type { operations } from "./schema.gen";

export type Administrator = Schema<"Administrator">;
export type AdministratorWithPassword = Schema<"AdministratorWithPassword">;
export type AdministratorChange = Schema<"AdministratorChange">;
export type NewAdministrator = Schema<"NewAdministrator">;
export type Role = Schema<"AdministratorRole">;
export type ApiToken = Schema<"ApiToken">;
export type NewApiToken = Schema<"NewApiToken">;
export type CreatedApiToken = Schema<"CreatedApiToken">;

const change = (name: string, etag: string) => ({ path: { name }, header: { "If-Match": etag } });

/** Which administrators. */
export type AdministratorQuery = NonNullable<operations["list-administrators"]["parameters"]["query"]>;

/** Who may sign in, page by page. */
export async function administrators(query: AdministratorQuery): Promise<Paged<Administrator>> {
  return dataOf(await api.GET("/api/v1/administrators", { params: { query } }));
}

/** One of them, with the tag that changes need. */
export async function administrator(name: string): Promise<Tagged<Administrator>> {
  return taggedOf(await api.GET("/api/v1/administrators/{name}", { params: { path: { name } } }));
}

/** Lets somebody sign in; a password that is made up is told once. */
export async function createAdministrator(body: NewAdministrator): Promise<AdministratorWithPassword> {
  return dataOf(await api.POST("/api/v1/administrators", { body }));
}

/** Gives somebody another role or other groups, or takes away that he can sign in. */
export async function changeAdministrator(
  name: string,
  etag: string,
  body: AdministratorChange,
): Promise<void> {
  await api.PUT("/api/v1/administrators/{name}", { params: change(name, etag), body });
}

/** Removes an account. */
export async function removeAdministrator(name: string, etag: string): Promise<void> {
  await api.DELETE("/api/v1/administrators/{name}", { params: change(name, etag) });
}

/** Makes up a password for somebody, which is told once. */
export async function resetPassword(name: string, etag: string): Promise<AdministratorWithPassword> {
  return dataOf(
    await api.PUT("/api/v1/administrators/{name}/password", { params: change(name, etag), body: {} }),
  );
}

/** Lets somebody try again who has failed too often. */
export async function unlockAdministrator(name: string, etag: string): Promise<void> {
  await api.DELETE("/api/v1/administrators/{name}/lock", { params: change(name, etag) });
}

/** Takes away a second factor that its owner has lost. */
export async function resetSecondFactor(name: string, etag: string): Promise<void> {
  await api.DELETE("/api/v1/administrators/{name}/second-factor", { params: change(name, etag) });
}

/** Which API tokens. */
export type ApiTokenQuery = NonNullable<operations["list-api-tokens"]["parameters"]["query"]>;

/** API tokens, page by page: all of them for an administrator, else one's own. */
export async function apiTokens(query: ApiTokenQuery): Promise<Paged<ApiToken>> {
  return dataOf(await api.GET("/api/v1/api-tokens", { params: { query } }));
}

/** Makes an API token; its text is told once. */
export async function createApiToken(body: NewApiToken): Promise<CreatedApiToken> {
  return dataOf(await api.POST("/api/v1/api-tokens", { body }));
}

/** Takes an API token back. */
export async function removeApiToken(id: string): Promise<void> {
  const { response } = await api.GET("/api/v1/api-tokens/{id}", { params: { path: { id } } });
  const etag = response.headers.get("etag") ?? "";
  await api.DELETE("/api/v1/api-tokens/{id}", { params: { path: { id }, header: { "If-Match": etag } } });
}
