import { api, dataOf, type Paged, type Schema } from "./client";
import type { operations } from "./schema.gen";

export type Overview = Schema<"Overview">;
export type AuditEntry = Schema<"AuditEntry">;
export type UserSession = Schema<"UserSession">;
export type User = Schema<"User">;
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

/** Sessions, newest first, page by page. */
export async function userSessions(query: SessionQuery): Promise<Paged<UserSession>> {
  return dataOf(await api.GET("/api/v1/user-sessions", { params: { query } }));
}

/** One session with all that its Agent reported. */
export async function userSession(id: string): Promise<SessionTimeline> {
  return dataOf(await api.GET("/api/v1/user-sessions/{id}", { params: { path: { id } } }));
}

/** Which lines of the audit log. */
export type AuditQuery = NonNullable<operations["list-audit-log"]["parameters"]["query"]>;

/** What was done to the farm, newest first, page by page. */
export async function auditLog(query: AuditQuery): Promise<Paged<AuditEntry>> {
  return dataOf(await api.GET("/api/v1/audit-log", { params: { query } }));
}

/** Which users. */
export type UserQuery = NonNullable<operations["list-users"]["parameters"]["query"]>;

/** Users of whose sessions Agents have reported, page by page. */
export async function users(query: UserQuery): Promise<Paged<User>> {
  return dataOf(await api.GET("/api/v1/users", { params: { query } }));
}

/** One user. */
export async function user(sid: string): Promise<User> {
  return dataOf(await api.GET("/api/v1/users/{sid}", { params: { path: { sid } } }));
}
