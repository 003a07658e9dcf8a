import type { StorageServer } from "../../api/farm";
import type { Machine } from "../../api/machines";

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
  return [
    ["Name", server.name],
    ["Host", server.host],
    ["TCP port", String(server.port ?? "")],
    ["Base folder", server["base-folder"]],
    ["Global folder", server["global-folder"] ?? ""],
    ["Former versions kept", String(server["keep-versions"] ?? "")],
  ];
}

/** The machine that is a Storage Server now. */
export function machineOf(server: StorageServer, machines: readonly Machine[]): Machine | undefined {
  return machines.find((machine) => machine["storage-server"] === server.name && machine.state === "active");
}
