import { api, dataOf, type Schema } from "./client";
import type { DataSubset } from "./farm";

export type SampleKeys = Schema<"SampleKeys">;
export type SubsetTrial = Schema<"SubsetTrial">;
export type TriedRule = Schema<"TriedRule">;
export type Amount = Schema<"Amount">;
export type TrialSource = Schema<"TrialSource">;

/** The keys of a hive that is sent in base64. The console keeps nothing of it. */
export async function sampleKeys(hive: string): Promise<SampleKeys> {
  return dataOf(await api.POST("/api/v1/sample-hives", { body: { hive } }));
}

/** What a data subset would keep. Looks into a user's data are noted in the audit log. */
export async function trySubset(subset: DataSubset, on: TrialSource): Promise<SubsetTrial> {
  return dataOf(await api.POST("/api/v1/data-subset-trials", { body: { subset, on } }));
}
