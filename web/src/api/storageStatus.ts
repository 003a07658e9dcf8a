import { api, dataOf, type Schema } from "./client";

export type StorageStatus = Schema<"StorageStatus">;

/** What Storage Servers told last of their stores. */
export async function storageStatus(): Promise<StorageStatus[]> {
  return dataOf(await api.GET("/api/v1/storage-status"));
}
