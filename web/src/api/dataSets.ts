import { api, dataOf, taggedOf, type Schema, type Tagged } from "./client";

export type DataSetSummary = Schema<"DataSetSummary">;
export type Version = Schema<"Version">;
export type Content = Schema<"Content">;
export type ShownItem = Schema<"ShownItem">;
export type ShownChange = Schema<"ShownChange">;
export type FoundItem = Schema<"FoundItem">;
export type VersionDifference = Schema<"VersionDifference">;
export type QuarantinedUpload = Schema<"QuarantinedUpload">;
export type UploadDifference = Schema<"UploadDifference">;
export type RestoredPart = Schema<"RestoredPart">;
export type RestoreResult = Schema<"RestoreResult">;

/** A user's data set: whose, and of which scope. */
export interface DataSetOf {
  readonly sid: string;
  /** global or group:NAME */
  readonly scope: string;
}

/** Where to look in a version, or what to look for. */
export interface Place {
  readonly key?: string;
  readonly folder?: string;
  readonly search?: string;
}

/** The data sets of a user, one for each scope. */
export async function dataSets(sid: string): Promise<DataSetSummary[]> {
  return dataOf(await api.GET("/api/v1/users/{sid}/data-sets", { params: { path: { sid } } }));
}

/** The versions of a data set, newest first, with the tag of what is current. */
export async function versions(of: DataSetOf): Promise<Tagged<Version[]>> {
  const path = "/api/v1/users/{sid}/data-sets/{scope}/versions";
  return taggedOf(await api.GET(path, { params: { path: { ...of } } }));
}

/** What is at a place of a version. It is noted in the audit log. */
export async function content(of: DataSetOf, number: number, query: Place): Promise<Content> {
  const path = "/api/v1/users/{sid}/data-sets/{scope}/versions/{number}/content";
  return dataOf(await api.GET(path, { params: { path: { ...of, number }, query } }));
}

/** A file of a version. It is noted in the audit log. */
export async function fileOf(of: DataSetOf, number: number, file: string): Promise<Blob> {
  const path = "/api/v1/users/{sid}/data-sets/{scope}/versions/{number}/file";
  const params = { path: { ...of, number }, query: { file } };
  return dataOf(await api.GET(path, { params, parseAs: "blob" }));
}

/** What differs between a version and another one, or its predecessor. */
export async function difference(
  of: DataSetOf,
  number: number,
  query: { with?: number; search?: string; skip?: number; limit?: number },
): Promise<VersionDifference> {
  const path = "/api/v1/users/{sid}/data-sets/{scope}/versions/{number}/difference";
  return dataOf(await api.GET(path, { params: { path: { ...of, number }, query } }));
}

/** Pins a version, or leaves it to retention, if it is still as it was seen. */
export async function pin(of: DataSetOf, { number, etag }: Version, pinned: boolean): Promise<void> {
  const path = "/api/v1/users/{sid}/data-sets/{scope}/versions/{number}";
  const params = { path: { ...of, number }, header: { "If-Match": etag } };
  await api.PUT(path, { params, body: { pinned } });
}

/** Deletes a data set, if what was seen is current still. */
export async function remove(of: DataSetOf, etag: string, reason: string): Promise<void> {
  const params = { path: { ...of }, query: { reason }, header: { "If-Match": etag } };
  await api.DELETE("/api/v1/users/{sid}/data-sets/{scope}", { params });
}

/** What a restore would change now, and the tag of what it would change. */
export async function tryRestore(
  of: DataSetOf,
  number: number,
  part: RestoredPart,
): Promise<Tagged<RestoreResult>> {
  const params = { path: { ...of }, query: { "dry-run": true } };
  const body = { version: number, part };
  return taggedOf(await api.POST("/api/v1/users/{sid}/data-sets/{scope}/restore", { params, body }));
}

/** Brings a version, or a part of it, back, if what was seen is current still. */
export async function restore(
  of: DataSetOf,
  number: number,
  part: RestoredPart,
  etag: string,
  reason: string,
): Promise<RestoreResult> {
  const params = { path: { ...of }, header: { "If-Match": etag } };
  const body = { version: number, part, reason };
  return dataOf(await api.POST("/api/v1/users/{sid}/data-sets/{scope}/restore", { params, body }));
}

/** What is kept beside the versions, oldest first, with the tag of what is current. */
export async function quarantine(of: DataSetOf): Promise<Tagged<QuarantinedUpload[]>> {
  const path = "/api/v1/users/{sid}/data-sets/{scope}/quarantine";
  return taggedOf(await api.GET(path, { params: { path: { ...of } } }));
}

/** What differs between the current version and an upload in quarantine. It is noted in the audit log. */
export async function uploadDifference(of: DataSetOf, id: string): Promise<UploadDifference> {
  const path = "/api/v1/users/{sid}/data-sets/{scope}/quarantine/{id}/difference";
  return dataOf(await api.GET(path, { params: { path: { ...of, id } } }));
}

/** Makes an upload the current version, if what was seen is current still. Gives its number. */
export async function adopt(of: DataSetOf, id: string, etag: string, reason: string): Promise<number | null> {
  const path = "/api/v1/users/{sid}/data-sets/{scope}/quarantine/{id}/adoption";
  const params = { path: { ...of, id }, header: { "If-Match": etag } };
  return dataOf(await api.POST(path, { params, body: { reason } })).number ?? null;
}

/** Deletes an upload for good. */
export async function deleteUpload(of: DataSetOf, id: string, reason: string): Promise<void> {
  const path = "/api/v1/users/{sid}/data-sets/{scope}/quarantine/{id}";
  await api.DELETE(path, { params: { path: { ...of, id }, query: { reason } } });
}
