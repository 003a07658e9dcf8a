import type { StorageServer } from "../../api/farm";
import type { Machine } from "../../api/machines";
import { describeRetention } from "../../parts/RetentionFields";
import { limits } from "./limits";

/** A new Storage Server, with what the console would take by itself. */
export const newStorageServer: StorageServer = {
  name: "",
  host: "",
  "base-folder": "D:\\MetaProfiles",
  "global-folder": "global",
  port: 4455,
  "keep-versions": 5,
};

/** A Storage Server as a person reads it. */
export function describeStorageServer(server: StorageServer): [string, string][] {
  const quota = server.limits?.["quota-bytes"];
  return [
    ["Name", server.name],
    ["Host", server.host],
    ["TCP port", String(server.port ?? "")],
    ["Base folder", server["base-folder"]],
    ["Global folder", server["global-folder"] ?? ""],
    ["Global data sets", server["keeps-global"] === true ? "kept" : "only when no other one keeps them"],
    ["Former versions kept", describeRetention(server)],
    ["Quota of each user", quota == null ? "none" : `${quota.toLocaleString()} bytes`],
    ...limits.map(([name, title, standard]): [string, string] => [
      title,
      (server.limits?.[name] ?? standard).toLocaleString(),
    ]),
  ];
}

/** The machine that is a Storage Server now. */
export function machineOf(server: StorageServer, machines: readonly Machine[]): Machine | undefined {
  return machines.find((machine) => machine["storage-server"] === server.name && machine.state === "active");
}
