import type { RestoredPart, ShownItem } from "../../../api/dataSets";
import { bytesOf } from "../../../parts/times";

/** A scope as a person reads it. */
export function scopeName(scope: string): string {
  return scope === "global" ? "Global" : `Group ${scope.replace(/^group:/, "")}`;
}

/** The data set of a scope, as the middle of a sentence. */
export function setName(scope: string): string {
  return scope === "global" ? "the global data set" : `the data set of group ${scope.replace(/^group:/, "")}`;
}

/** The name of a value as the Registry Editor shows it. */
export const valueName = (name: string) => (name === "" ? "(Default)" : name);

/** The full name of a key. */
export const keyName = (path: string) => (path === "" ? "HKEY_CURRENT_USER" : `HKEY_CURRENT_USER\\${path}`);

/** Where a thing is. */
export function placeOf(at: { key?: string | null; value?: string | null; file?: string | null }): string {
  if (at.file != null) return at.file;
  if (at.value != null) return `${keyName(at.key ?? "")}: ${valueName(at.value)}`;
  return keyName(at.key ?? "");
}

/** What a data set says of a thing, in one text. */
export function textOf(item: ShownItem): string {
  if (item.state === "deleted") return "Deleted by the user";
  if (item.state === "made-anew") return "Key, deleted and made anew";
  if (item.state === "passed") return "On the way to others";
  const more = item.cut ? " …" : "";
  if (item.text != null) return item.text + more;
  if (item.lines != null) return item.lines.join("\n") + more;
  if (item.number != null) return item.number;
  if (item.hex != null) return item.hex === "" ? "(zero-length)" : item.hex + more;
  if (item.bytes != null) return `File of ${bytesOf(item.bytes)}`;
  return "Key";
}

/** What is brought back, as the middle of a sentence. */
export function partName(part: RestoredPart): string {
  switch (part.kind) {
    case "everything":
      return "everything";
    case "data-subset":
      return `data subset ${part.name}`;
    case "key":
      return keyName(part.key);
    case "value":
      return `${keyName(part.key)}: ${valueName(part.value)}`;
    case "file":
      return part.file;
    case "folder":
      return `all files in ${part.folder}`;
  }
}
