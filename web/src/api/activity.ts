import { api, dataOf, type Schema } from "./client";
import type { operations } from "./schema.gen";

export type Overview = Schema<"Overview">;
export type AuditEntry = Schema<"AuditEntry">;
export type UserSession = Schema<"UserSession">;
export type UserSessions = Schema<"UserSessions">;
export type SessionTimeline = Schema<"UserSessionTimeline">;
export type SessionReport = Schema<"SessionReport">;
export type SessionItem = Schema<"SessionItem">;
export type Outcome = Schema<"SessionOutcome">;

/** Which sessions. */
export type SessionQuery = NonNullable<operations["list-user-sessions"]["parameters"]["query"]>;

/** The farm on one screen. */
export async function overview(): Promise<Overview> {
  return dataOf(await api.GET("/api/v1/overview"));
}

/** Sessions, newest first, and what to ask with for those that follow. */
export async function userSessions(query: SessionQuery): Promise<UserSessions> {
  return dataOf(await api.GET("/api/v1/user-sessions", { params: { query } }));
}

/** One session with all that its Agent reported. */
export async function userSession(id: string): Promise<SessionTimeline> {
  return dataOf(await api.GET("/api/v1/user-sessions/{id}", { params: { path: { id } } }));
}

/** What was done to the farm, newest first. */
export async function auditLog(limit: number, before?: number): Promise<AuditEntry[]> {
  const query = before === undefined ? { limit } : { limit, before };
  return dataOf(await api.GET("/api/v1/audit-log", { params: { query } }));
}
