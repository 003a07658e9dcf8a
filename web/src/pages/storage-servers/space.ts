import type { StorageStatus } from "../../api/storageStatus";
import { bytesOf } from "../../parts/times";

/** The space of a store in a line; null where nothing is known of it. */
export function spaceText(status: StorageStatus | undefined): string | null {
  const [free, total] = [status?.["free-bytes"], status?.["total-bytes"]];
  const kept = status?.["kept-bytes"];
  if (free != null && total != null) return `${bytesOf(free)} free of ${bytesOf(total)}`;
  return kept == null ? null : `keeps ${bytesOf(kept)}`;
}

/** How much of a volume is taken, from 0 to 1; null of an object store, which has no end. */
export function taken(status: StorageStatus | undefined): number | null {
  const [free, total] = [status?.["free-bytes"], status?.["total-bytes"]];
  return free == null || total == null || total === 0 ? null : 1 - free / total;
}
