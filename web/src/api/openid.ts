import { api, dataOf, taggedOf, type Schema, type Tagged } from "./client";
import type { CurrentSession } from "./session";

export type OpenidConnect = Schema<"OpenidConnect">;
export type OpenidConnectChange = Schema<"OpenidConnectChange">;
export type OpenidRole = Schema<"OpenidRole">;

/** How the OpenID Connect provider is reached. */
export async function openidConnect(): Promise<Tagged<OpenidConnect>> {
  return taggedOf(await api.GET("/api/v1/openid-connect"));
}

/** Sets the provider up. */
export async function replaceOpenidConnect(etag: string, body: OpenidConnectChange): Promise<void> {
  await api.PUT("/api/v1/openid-connect", { params: { header: { "If-Match": etag } }, body });
}

/** Asks the provider whether it answers. */
export async function checkOpenidConnect(): Promise<Schema<"OpenidConnectAnswer">> {
  return dataOf(await api.POST("/api/v1/openid-connect/check"));
}

/** How one can sign in beside name and password. */
export async function signInOptions(): Promise<Schema<"SignInOptions">> {
  return dataOf(await api.GET("/api/v1/sign-in-options"));
}

/** Begins a sign-in by way of the provider, and gives its address for it. */
export async function beginOpenid(): Promise<string> {
  const { address } = dataOf(await api.POST("/api/v1/sessions/openid-connect"));
  // Nothing else is an address to leave for.
  if (new URL(address).protocol !== "https:") throw new Error("the provider's address is not https");
  return address;
}

/** Where the provider sends people back to. */
export const RETURN = "/sign-in/openid-connect";

/** What the provider has sent somebody back with, of the parameters of an address; null when it is nothing. */
export function sentBack(search: string): Schema<"OpenidReturn"> | null {
  const given = new URLSearchParams(search);
  const [state, code, error, issuer] = ["state", "code", "error", "iss"].map((name) => given.get(name));
  return state == null ? null : { state, code, error, issuer };
}

/** Ends a sign-in with what the provider has sent somebody back with. */
export async function endOpenid(body: Schema<"OpenidReturn">): Promise<CurrentSession> {
  return dataOf(await api.POST("/api/v1/sessions/openid-connect/return", { body }));
}

/** Ends a sign-in with the code of a second factor, after the provider. */
export async function sendOpenidCode(code: string): Promise<CurrentSession> {
  return dataOf(await api.POST("/api/v1/sessions/openid-connect/code", { body: { code } }));
}
