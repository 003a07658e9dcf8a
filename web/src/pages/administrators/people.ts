import type { Administrator, Role } from "../../api/people";
import { momentOf } from "../../parts/times";

/** Roles, and what a person reads of them. */
export const roles: readonly (readonly [Role, string])[] = [
  ["administrator", "Administrator: may do everything"],
  ["operator", "Operator: sees the farm and its sessions, and restores users' data"],
  ["auditor", "Auditor: sees everything, the audit log too, and changes nothing"],
];

/** Where somebody's account comes from. */
export const origins: Record<Administrator["origin"], string> = {
  local: "this console",
  directory: "Active Directory",
  "openid-connect": "OpenID Connect",
};

/** Which groups somebody sees. */
export const groupsOf = (groups: readonly string[] | null | undefined) =>
  groups == null ? "the whole farm" : groups.join(", ");

/** Whether somebody has failed too often and cannot sign in for a while. */
export const isLocked = (person: Administrator, now: number) =>
  person["locked-until"] != null && Date.parse(person["locked-until"]) > now;

/** Whether somebody can sign in, and why not. */
export function stateOf(person: Administrator, now: number): string {
  if (person.disabled) return "disabled";
  if (isLocked(person, now)) return `locked until ${momentOf(person["locked-until"] ?? "")}`;
  return person["must-change-password"] ? "must change the password" : "active";
}
