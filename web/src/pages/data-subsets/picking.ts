import type { DataSubset } from "../../api/farm";
import type { SampleKeys } from "../../api/trials";
import type { TreeLevel, TreePlace } from "../../parts/KeyTree";
import type { FolderRule, RegistryRule } from "./subset";

type Action = "include" | "exclude";

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** The special folder of a place such as Desktop:notes, and the path below it. */
function folderOf(place: string): { folder: string; path: string } {
  const [folder = "", path = ""] = place.split(/:(.*)/s);
  return { folder, path };
}

const isOfKey = (path: string) => (rule: RegistryRule) =>
  same(rule.key, path) && (rule.values ?? []).length === 0;

function isOfFolder(place: string): (rule: FolderRule) => boolean {
  const { folder, path } = folderOf(place);
  return (rule) =>
    same(rule.folder, folder) && same(rule.path ?? "", path) && (rule.masks ?? []).length === 0;
}

/** What the rule of just this key or folder does, if there is one. */
export function actionAt(draft: DataSubset, place: TreePlace): Action | undefined {
  const rule =
    place.kind === "key"
      ? (draft.registry ?? []).find(isOfKey(place.path))
      : (draft.folders ?? []).find(isOfFolder(place.path));
  return rule && (rule.action ?? "include");
}

/** The rules with one of just this key or folder and all below it, or without it. */
export function withRule(draft: DataSubset, place: TreePlace, action: Action | null): Partial<DataSubset> {
  if (place.kind === "key") {
    const others = (draft.registry ?? []).filter((rule) => !isOfKey(place.path)(rule));
    const added = action === null ? [] : [{ key: place.path, action, recursive: true }];
    return { registry: [...others, ...added] };
  }
  const others = (draft.folders ?? []).filter((rule) => !isOfFolder(place.path)(rule));
  const added = action === null ? [] : [{ ...folderOf(place.path), action, recursive: true }];
  return { folders: [...others, ...added] };
}

/** The rules with one of these values of a key. The default value, whose name is empty, is written @. */
export function withValues(
  draft: DataSubset,
  key: string,
  names: readonly string[],
  action: Action,
): Partial<DataSubset> {
  const values = names.map((name) => (name === "" ? "@" : name));
  return { registry: [...(draft.registry ?? []), { key, action, recursive: false, values }] };
}

/** What is directly in a key of a sample hive. Its keys stand each before those below it. */
export function sampleLevel({ keys, more }: SampleKeys, place: TreePlace | null): TreeLevel {
  const start = place === null ? "" : `${place.path}\\`;
  const below = keys.filter((key) => key.path.startsWith(start));
  const own = below.filter((key) => !key.path.slice(start.length).includes("\\"));
  const parents = new Set(below.map((key) => key.path.slice(0, key.path.lastIndexOf("\\"))));
  return {
    keys: own.map((key) => ({
      name: key.path.slice(start.length),
      path: key.path,
      isLeaf: !parents.has(key.path),
      isGone: false,
    })),
    folders: [],
    more: more && place === null,
  };
}
