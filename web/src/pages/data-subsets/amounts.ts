import type { Amount } from "../../api/trials";
import { bytesOf } from "../../parts/times";

const counted = (number: number, one: string, many: string) =>
  number === 0 ? [] : [`${number.toLocaleString()} ${number === 1 ? one : many}`];

/** How much, in a line; null for nothing. */
export function amountText({ keys, values, files, bytes }: Amount): string | null {
  const parts = [
    ...counted(keys, "key", "keys"),
    ...counted(values, "value", "values"),
    ...counted(files, "file", "files"),
  ];
  if (parts.length === 0) return null;
  return values + files === 0 ? parts.join(", ") : `${parts.join(", ")}, ${bytesOf(bytes)}`;
}
