import { api, dataOf, taggedOf, type Schema, type Tagged } from "./client";

export type SecondFactor = Schema<"SecondFactor">;
export type Enrolment = Schema<"SecondFactorEnrolment">;
export type SignInPolicy = Schema<"SignInPolicy">;

/** What one has of a second factor. */
export async function secondFactor(): Promise<SecondFactor> {
  return dataOf(await api.GET("/api/v1/administrators/current/second-factor"));
}

/** Makes a secret for an authenticator; it counts after its first code. */
export async function beginSecondFactor(): Promise<Enrolment> {
  return dataOf(await api.POST("/api/v1/administrators/current/second-factor"));
}

/** Makes it count. Gives the recovery codes, which are told once. */
export async function confirmSecondFactor(code: string): Promise<string[]> {
  const answer = await api.POST("/api/v1/administrators/current/second-factor/confirmation", {
    body: { code },
  });
  return dataOf(answer)["recovery-codes"];
}

/** Other recovery codes, for a code. */
export async function renewRecoveryCodes(code: string): Promise<string[]> {
  const answer = await api.POST("/api/v1/administrators/current/second-factor/recovery-codes", {
    body: { code },
  });
  return dataOf(answer)["recovery-codes"];
}

/** Takes one's second factor away, for a code. */
export async function removeSecondFactor(code: string): Promise<void> {
  await api.POST("/api/v1/administrators/current/second-factor/removal", { body: { code } });
}

/** What the farm wants of those who sign in. */
export async function signInPolicy(): Promise<Tagged<SignInPolicy>> {
  return taggedOf(await api.GET("/api/v1/sign-in-policy"));
}

/** Says what the farm wants of those who sign in. */
export async function replaceSignInPolicy(etag: string, body: SignInPolicy): Promise<void> {
  await api.PUT("/api/v1/sign-in-policy", { params: { header: { "If-Match": etag } }, body });
}
