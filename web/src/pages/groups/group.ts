import type { Schema } from "../../api/client";
import type { AgentServerGroup } from "../../api/farm";
import { describeRetention } from "../../parts/RetentionFields";

type Settings = Schema<"AgentSettings">;
type Waits = Schema<"Waits">;

/** A new group, with what the console would take by itself. */
export const newGroup: AgentServerGroup = { name: "", description: "", "storage-server": null };

/** What settings are where nobody says otherwise. */
export const defaultSettings: Required<Settings> = {
  mode: "synchronous",
  "storage-away": "go-on",
  "checkpoint-minutes": 15,
  "merge-newer-on-connect": false,
  "capture-local-profiles": true,
  "hold-profile": "auto",
  "protect-hive": true,
};

/** Waits in milliseconds where nobody says otherwise, with what each is for. */
export const waits: readonly (readonly [name: keyof Waits, title: string, standard: number])[] = [
  ["connect-ms", "Connection to storage", 3_000],
  ["fetch-ms", "Data sets at logon", 10_000],
  ["logon-ms", "Whole logon", 20_000],
  ["logoff-ms", "Whole logoff", 30_000],
  ["upload-ms", "Acknowledgement at logoff", 5_000],
  ["hive-ms", "User's registry to be loaded", 10_000],
  ["lock-ms", "Other work for the same user", 10_000],
  ["helper-grace-ms", "Logon script after the event", 30_000],
];

export const modes = [
  ["synchronous", "Logons wait until settings are in the profile"],
  ["asynchronous", "Settings follow behind the desktop"],
] as const;

export const whenAway = [
  ["go-on", "The session goes on without settings"],
  ["cached-copy", "The copy of the last session on this host is used"],
  ["message", "The user is told, and goes on"],
  ["refuse-logon", "The logon is refused"],
] as const;

export const holding = [
  ["auto", "Keep the profile loaded until the export is done"],
  ["never", "Let Windows unload it"],
] as const;

const yesNo = (value: boolean) => (value ? "yes" : "no");
const named = (options: readonly (readonly [string, string])[], value: string) =>
  options.find(([option]) => option === value)?.[1] ?? value;

/** A group as a person reads it. */
export function describeGroup(group: AgentServerGroup): [string, string][] {
  const settings = { ...defaultSettings, ...group.settings };
  const given = waits.map(([name, title, standard]): [string, string] => [
    `Wait: ${title}`,
    `${((group.waits?.[name] ?? standard) / 1_000).toLocaleString()} s`,
  ]);
  return [
    ["Name", group.name],
    ["Description", group.description ?? ""],
    ["Storage Server", group["storage-server"] ?? "the farm's first one"],
    ["Tried when it is away", (group["other-storage-servers"] ?? []).join(", ") || "none"],
    [
      "Former versions kept",
      group.retention == null ? "as the Storage Server says" : describeRetention(group.retention),
    ],
    ["At logon", named(modes, settings.mode)],
    ["When storage is away", named(whenAway, settings["storage-away"])],
    [
      "Checkpoint every",
      settings["checkpoint-minutes"] === 0 ? "never" : `${settings["checkpoint-minutes"]} min`,
    ],
    ["Merge newer settings on connect", yesNo(settings["merge-newer-on-connect"])],
    ["Export local profiles for migration", yesNo(settings["capture-local-profiles"])],
    ["At logoff", named(holding, settings["hold-profile"])],
    ["Close the hive to other users", yesNo(settings["protect-hive"])],
    ...given,
  ];
}
