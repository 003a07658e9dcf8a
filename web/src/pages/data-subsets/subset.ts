import type { Schema } from "../../api/client";
import type { DataSubset } from "../../api/farm";
import { bytesOf } from "../../parts/times";

export type RegistryRule = Schema<"RegistryRule">;
export type FolderRule = Schema<"FolderRule">;

/** A new data subset. */
export const newSubset: DataSubset = {
  name: "",
  description: "",
  applies: "global",
  registry: [],
  folders: [],
};

/** Canonical names of the special folders that people keep, the usual ones first. */
export const folders = [
  "RoamingAppData",
  "LocalAppData",
  "Desktop",
  "Documents",
  "Favorites",
  "Downloads",
  "Links",
  "Pictures",
  "Music",
  "Videos",
  "SavedGames",
  "Contacts",
  "QuickLaunch",
  "Recent",
  "SendTo",
  "StartMenu",
  "Templates",
  "LocalAppDataLow",
  "Profile",
] as const;

export const importModes = [
  ["synchronous", "The logon waits for it"],
  ["asynchronous", "It follows behind the desktop"],
] as const;

export const conflictRules = [
  ["newest-session-wins", "The newest session's content stays"],
  ["keep-theirs", "What is stored stays"],
  ["keep-mine", "What the session that ends has stays"],
] as const;

/** The groups of a data subset; null for a global one. */
export function groupsOf(subset: DataSubset): readonly string[] | null {
  return subset.applies === "global" ? null : subset.applies.groups;
}

/** Whom a data subset is for. */
export function appliesText(subset: DataSubset): string {
  const groups = groupsOf(subset);
  return groups === null ? "Whole farm" : groups.join(", ");
}

/** A rule about keys in a line. */
export function registryText(rule: RegistryRule): string {
  const parts = [`${rule.action === "exclude" ? "leave out" : "keep"} HKCU\\${rule.key}`];
  if ((rule.values ?? []).length > 0) parts.push(`values ${(rule.values ?? []).join(", ")}`);
  if (rule.recursive === false) parts.push("without sub-keys");
  if (rule["delete-if-missing"] === true) parts.push("deletes what is missing");
  if (rule["allow-autorun"] === true) parts.push("with what starts programs");
  return parts.join("; ");
}

/** A rule about files in a line. */
export function folderText(rule: FolderRule): string {
  const place = (rule.path ?? "") === "" ? rule.folder : `${rule.folder}\\${rule.path ?? ""}`;
  const parts = [`${rule.action === "exclude" ? "leave out" : "keep"} ${place}`];
  if ((rule.masks ?? []).length > 0) parts.push(`files ${(rule.masks ?? []).join(", ")}`);
  if (rule.recursive === false) parts.push("without sub-folders");
  if (rule["max-file-bytes"] != null) parts.push(`files up to ${bytesOf(rule["max-file-bytes"])}`);
  if (rule["delete-if-missing"] === true) parts.push("deletes what is missing");
  if (rule["allow-autorun"] === true) parts.push("with what starts programs");
  return parts.join("; ");
}

/** A data subset as a person reads it. */
export function describeSubset(subset: DataSubset): [string, string][] {
  const word = (options: readonly (readonly [string, string])[], value: string) =>
    options.find(([option]) => option === value)?.[1] ?? value;
  const most = subset["max-total-bytes"];
  return [
    ["Name", subset.name],
    ["Description", subset.description ?? ""],
    ["For", appliesText(subset)],
    ["Registry", (subset.registry ?? []).map(registryText).join("\n")],
    ["Folders", (subset.folders ?? []).map(folderText).join("\n")],
    ["At logon", word(importModes, subset.import ?? "synchronous")],
    ["When two sessions differ", word(conflictRules, subset["on-conflict"] ?? "newest-session-wins")],
    ["Files together at most", most == null ? "no limit" : bytesOf(most)],
  ];
}

/** A list as it is typed, one in a line. */
export const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
