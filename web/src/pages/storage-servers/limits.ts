import type { Schema } from "../../api/client";

type Limits = Schema<"StorageLimits">;

/** Limits of a Storage Server where nobody says otherwise, with what each is for. */
export const limits: readonly (readonly [
  name: keyof Limits,
  title: string,
  standard: number,
  most: number,
])[] = [
  ["connections", "Connections of everybody", 4_096, 1_000_000],
  ["agent-connections", "Connections of one Agent", 64, 1_000_000],
  ["agent-requests-per-second", "Requests of one Agent per second", 200, 1_000_000],
  ["max-data-set-bytes", "Bytes of one data set", 134_217_792, 134_217_792],
  ["quota-warning-percent", "Warn from so many percent of the quota", 80, 100],
];
