import { api, dataOf, taggedOf, type Schema, type Tagged } from "./client";

export type StorageServer = Schema<"StorageServer">;
export type AgentServerGroup = Schema<"AgentServerGroup">;
export type DataSubset = Schema<"DataSubset">;

/** Things that an administrator describes, each under its name. */
export interface Collection<T extends { name: string }> {
  /** Under which answers are kept. */
  readonly key: string;
  /** What one is called, as the audit log does. */
  readonly noun: string;
  readonly list: () => Promise<T[]>;
  readonly get: (name: string) => Promise<Tagged<T>>;
  readonly create: (item: T) => Promise<Tagged<T>>;
  readonly replace: (name: string, etag: string, item: T) => Promise<Tagged<T>>;
  readonly remove: (name: string, etag: string) => Promise<void>;
}

const at = (name: string) => ({ path: { name } });
const change = (name: string, etag: string) => ({ path: { name }, header: { "If-Match": etag } });

export const storageServers: Collection<StorageServer> = {
  key: "storage-servers",
  noun: "Storage Server",
  list: async () => dataOf(await api.GET("/api/v1/storage-servers")),
  get: async (name) => taggedOf(await api.GET("/api/v1/storage-servers/{name}", { params: at(name) })),
  create: async (body) => taggedOf(await api.POST("/api/v1/storage-servers", { body })),
  replace: async (name, etag, body) =>
    taggedOf(await api.PUT("/api/v1/storage-servers/{name}", { params: change(name, etag), body })),
  remove: async (name, etag) => {
    await api.DELETE("/api/v1/storage-servers/{name}", { params: change(name, etag) });
  },
};

export const groups: Collection<AgentServerGroup> = {
  key: "groups",
  noun: "Agent Server Group",
  list: async () => dataOf(await api.GET("/api/v1/agent-server-groups")),
  get: async (name) => taggedOf(await api.GET("/api/v1/agent-server-groups/{name}", { params: at(name) })),
  create: async (body) => taggedOf(await api.POST("/api/v1/agent-server-groups", { body })),
  replace: async (name, etag, body) =>
    taggedOf(await api.PUT("/api/v1/agent-server-groups/{name}", { params: change(name, etag), body })),
  remove: async (name, etag) => {
    await api.DELETE("/api/v1/agent-server-groups/{name}", { params: change(name, etag) });
  },
};

export const dataSubsets: Collection<DataSubset> = {
  key: "data-subsets",
  noun: "data subset",
  list: async () => dataOf(await api.GET("/api/v1/data-subsets")),
  get: async (name) => taggedOf(await api.GET("/api/v1/data-subsets/{name}", { params: at(name) })),
  create: async (body) => taggedOf(await api.POST("/api/v1/data-subsets", { body })),
  replace: async (name, etag, body) =>
    taggedOf(await api.PUT("/api/v1/data-subsets/{name}", { params: change(name, etag), body })),
  remove: async (name, etag) => {
    await api.DELETE("/api/v1/data-subsets/{name}", { params: change(name, etag) });
  },
};
