import type { SessionItem } from "../../api/activity";

/** What can become of an item. */
export type Fate = SessionItem["fate"];

/** All of them, those first that an administrator is asked about. */
export const fates: readonly Fate[] = ["overridden", "refused", "skipped", "merged", "stored", "fetched"];

/** The items of one fate. */
export function ofFate(items: readonly SessionItem[], fate: Fate): SessionItem[] {
  return items.filter((item) => item.fate === fate);
}
