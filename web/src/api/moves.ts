import { api, dataOf, type Schema } from "./client";

export type StorageMove = Schema<"StorageMove">;
export type NewStorageMove = Schema<"NewStorageMove">;

/** The newest moves of data sets from one Storage Server to another, newest first. */
export async function storageMoves(): Promise<StorageMove[]> {
  return dataOf(await api.GET("/api/v1/storage-moves"));
}

/** Begins one. */
export async function startMove(body: NewStorageMove): Promise<StorageMove> {
  return dataOf(await api.POST("/api/v1/storage-moves", { body }));
}

/** Gives up one of which Agents were not told yet. */
export async function cancelMove(id: string): Promise<void> {
  await api.POST("/api/v1/storage-moves/{id}/cancel", { params: { path: { id } } });
}

/** Ends one without the Agents that have not asked for their new plan. */
export async function finishMove(id: string): Promise<void> {
  await api.POST("/api/v1/storage-moves/{id}/finish", { params: { path: { id } } });
}
