import { api, dataOf, type Paged, type Schema } from "./client";
import type { operations } from "./schema.gen";

export type StorageDamage = Schema<"StorageDamage">;

/** Which damage. */
export type DamageQuery = NonNullable<operations["list-storage-damage"]["parameters"]["query"]>;

/** Damage that Storage Servers found, the last found first, page by page. */
export async function storageDamage(query: DamageQuery): Promise<Paged<StorageDamage>> {
  return dataOf(await api.GET("/api/v1/storage-damage", { params: { query } }));
}

/** One of them. */
export async function oneDamage(id: string): Promise<StorageDamage> {
  return dataOf(await api.GET("/api/v1/storage-damage/{id}", { params: { path: { id } } }));
}

/** Notes that somebody has seen it. */
export async function acknowledgeDamage(id: string, note: string): Promise<StorageDamage> {
  return dataOf(
    await api.POST("/api/v1/storage-damage/{id}/acknowledgement", {
      params: { path: { id } },
      body: { note },
    }),
  );
}
