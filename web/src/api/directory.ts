import { api, dataOf, taggedOf, type Schema, type Tagged } from "./client";

export type Directory = Schema<"Directory">;
export type DirectoryChange = Schema<"DirectoryChange">;
export type DirectoryRole = Schema<"DirectoryRole">;
export type DirectoryEntry = Schema<"DirectoryEntry">;

/** How the directory is reached. */
export async function directory(): Promise<Tagged<Directory>> {
  return taggedOf(await api.GET("/api/v1/directory"));
}

/** Sets the directory up. */
export async function replaceDirectory(etag: string, body: DirectoryChange): Promise<void> {
  await api.PUT("/api/v1/directory", { params: { header: { "If-Match": etag } }, body });
}

/** Asks the directory whether it answers. */
export async function checkDirectory(): Promise<Schema<"DirectoryAnswer">> {
  return dataOf(await api.POST("/api/v1/directory/check"));
}

/** Groups of the directory whose names begin with a text. */
export async function directoryGroups(search: string): Promise<DirectoryEntry[]> {
  return dataOf(await api.GET("/api/v1/directory/groups", { params: { query: { search, limit: 20 } } }))
    .items;
}
