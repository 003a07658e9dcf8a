import { expect, test } from "vitest";

import { appliesText, describeSubset, folderText, linesOf, registryText } from "./subset";

test("rules are told in a line", () => {
  expect(registryText({ key: "Software\\Contoso" })).toBe("keep HKCU\\Software\\Contoso");
  const rule = {
    key: "Software\\Contoso",
    action: "exclude",
    recursive: false,
    values: ["a*", "@"],
  } as const;
  expect(registryText({ ...rule, values: [...rule.values] })).toBe(
    "leave out HKCU\\Software\\Contoso; values a*, @; without sub-keys",
  );
  expect(folderText({ folder: "RoamingAppData", path: "Contoso", "max-file-bytes": 2_097_152 })).toBe(
    "keep RoamingAppData\\Contoso; files up to 2 MB",
  );
});

test("a subset says whom it is for", () => {
  expect(appliesText({ name: "a", applies: "global" })).toBe("Whole farm");
  expect(appliesText({ name: "a", applies: { groups: ["Office", "Lab"] } })).toBe("Office, Lab");
  expect(describeSubset({ name: "a", applies: "global" })).toContainEqual([
    "Files together at most",
    "no limit",
  ]);
});

test("empty lines of a list are none", () => {
  expect(linesOf(" a \n\n b")).toEqual(["a", "b"]);
});
