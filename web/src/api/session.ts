import { api, dataOf, type Schema } from "./client";
import { ProblemError } from "./problem";

/** Who is signed in, and until when. */
export type CurrentSession = Schema<"CurrentSession">;

/** What somebody may do. */
export type Permission = Schema<"SessionPermission">;

/** The session of this browser; null when there is none. */
export async function currentSession(): Promise<CurrentSession | null> {
  try {
    return dataOf(await api.GET("/api/v1/sessions/current"));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return null;
    throw error;
  }
}

/** Code of the refusal that asks for the code of the second factor. */
export const CODE_NEEDED = "MP-CON-009";

/** Begins a session. */
export async function signIn(name: string, password: string, code: string): Promise<CurrentSession> {
  const body = { name, password, ...(code === "" ? {} : { code }) };
  return dataOf(await api.POST("/api/v1/sessions/browser", { body }));
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await api.DELETE("/api/v1/sessions/current");
}

/** Changes one's own password; other sessions end. */
export async function changePassword(current: string, next: string): Promise<void> {
  await api.PUT("/api/v1/administrators/current/password", { body: { current, new: next } });
}
