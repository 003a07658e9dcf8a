import { expect, test } from "vitest";

import type { ShownItem } from "../../../api/dataSets";
import { partName, placeOf, scopeName, textOf } from "./items";

const nothing: ShownItem = { state: "set", attributes: [], cut: false };

test("values are shown as the Registry Editor shows them", () => {
  expect(textOf({ ...nothing, type: "REG_DWORD", number: "0x00000096 (150)" })).toBe("0x00000096 (150)");
  expect(textOf({ ...nothing, type: "REG_MULTI_SZ", lines: ["a", "b"] })).toBe("a\nb");
  expect(textOf({ ...nothing, type: "REG_BINARY", hex: "" })).toBe("(zero-length)");
  expect(textOf({ ...nothing, type: "REG_SZ", text: "long", cut: true })).toBe("long …");
  expect(textOf({ ...nothing, state: "deleted" })).toBe("Deleted by the user");
});

test("places have the names that people know", () => {
  expect(placeOf({ key: "Software\\Contoso", value: "" })).toBe(
    "HKEY_CURRENT_USER\\Software\\Contoso: (Default)",
  );
  expect(placeOf({ key: "" })).toBe("HKEY_CURRENT_USER");
  expect(placeOf({ file: "Desktop:a.txt" })).toBe("Desktop:a.txt");
  expect(scopeName("group:Office")).toBe("Group Office");
  expect(partName({ kind: "folder", folder: "Desktop" })).toBe("all files in Desktop");
});
