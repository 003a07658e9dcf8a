import { api, dataOf, type Schema } from "./client";
import { ProblemError } from "./problem";

/** Who is signed in, and until when. */
export type CurrentSession = Schema<"CurrentSession">;

/** The session of this browser; null when there is none. */
export async function currentSession(): Promise<CurrentSession | null> {
  try {
    return dataOf(await api.GET("/api/v1/sessions/current"));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return null;
    throw error;
  }
}

/** Begins a session. */
export async function signIn(name: string, password: string): Promise<CurrentSession> {
  return dataOf(await api.POST("/api/v1/sessions/browser", { body: { name, password } }));
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await api.DELETE("/api/v1/sessions/current");
}

/** Changes one's own password; other sessions end. */
export async function changePassword(current: string, next: string): Promise<void> {
  await api.PUT("/api/v1/administrators/current/password", { body: { current, new: next } });
}
