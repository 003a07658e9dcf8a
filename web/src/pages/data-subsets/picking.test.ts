import { expect, test } from "vitest";

import type { DataSubset } from "../../api/farm";
import { actionAt, sampleLevel, withRule, withValues } from "./picking";

const draft: DataSubset = { name: "a", applies: "global", registry: [], folders: [] };
const contoso = { kind: "key", path: "Software\\Contoso" } as const;
const notes = { kind: "folder", path: "Desktop:notes\\old" } as const;

test("a key or folder has one rule of its own", () => {
  const kept = { ...draft, ...withRule(draft, contoso, "include") };
  expect(kept.registry).toEqual([{ key: "Software\\Contoso", action: "include", recursive: true }]);
  expect(actionAt(kept, { kind: "key", path: "SOFTWARE\\contoso" })).toBe("include");
  const left = { ...kept, ...withRule(kept, contoso, "exclude") };
  expect(left.registry).toHaveLength(1);
  expect(actionAt(left, contoso)).toBe("exclude");
  expect(withRule(left, contoso, null).registry).toEqual([]);

  const folder = { ...draft, ...withRule(draft, notes, "include") };
  expect(folder.folders).toEqual([
    { folder: "Desktop", path: "notes\\old", action: "include", recursive: true },
  ]);
  expect(actionAt(folder, notes)).toBe("include");
  expect(actionAt(folder, contoso)).toBeUndefined();
});

test("values are a rule beside that of the key", () => {
  const some = { ...draft, ...withValues(draft, "Software\\Contoso", ["Zoom", ""], "include") };
  expect(some.registry?.[0]?.values).toEqual(["Zoom", "@"]);
  expect(actionAt(some, contoso)).toBeUndefined();
  expect(withRule(some, contoso, "exclude").registry).toHaveLength(2);
});

test("a sample hive is looked at key by key", () => {
  const keys = ["Control Panel", "Control Panel\\Desktop", "Software", "Software\\A", "Software\\A\\B"];
  const hive = {
    keys: keys.map((path) => ({ path, values: [] })),
    more: true,
    damage: 0,
    dirty: false,
  };
  const top = sampleLevel(hive, null);
  expect(top.keys.map((key) => [key.name, key.isLeaf])).toEqual([
    ["Control Panel", false],
    ["Software", false],
  ]);
  expect(top.more).toBe(true);
  const software = sampleLevel(hive, { kind: "key", path: "Software" });
  expect(software.keys).toEqual([{ name: "A", path: "Software\\A", isLeaf: false, isGone: false }]);
  expect(sampleLevel(hive, { kind: "key", path: "Software\\A" }).keys[0]?.isLeaf).toBe(true);
});
