import { expect, test } from "vitest";

import type { StorageDamage } from "../../api/damage";
import { adviceOf, isGrave, partOf, remedyOf } from "./damage";

const damage: StorageDamage = {
  id: "0".repeat(32),
  code: "MP-STO-120",
  "storage-server": "STORE1",
  scope: "global",
  sid: "S-1-5-21-1-2-3-1001",
  part: "current",
  number: 3,
  why: "its seal is another",
  remedy: "fell-back",
  "fell-back-to": 2,
  "current-as": 4,
  found: "use",
  "first-found": "2026-11-22T08:00:00Z",
  "last-found": "2026-11-22T08:00:00Z",
  times: 1,
};

test("a fallback says which version stands in for which", () => {
  expect(partOf(damage)).toBe("version 3, current");
  expect(remedyOf(damage)).toBe("fell back to version 2, now version 4");
  expect(adviceOf(damage)).toContain("restore another one");
  expect(isGrave(damage)).toBe(true);
});

test("what is not current is less grave", () => {
  const former = { ...damage, part: "former", remedy: "set-aside" } as const;
  expect(isGrave(former)).toBe(false);
  expect(adviceOf(former)).toContain("are not touched");
});
