import { expect, test } from "vitest";

import type { StorageMove } from "../../api/moves";
import { isUnderWay, phaseText, progressText } from "./moveText";

const move: StorageMove = {
  id: "1",
  scope: "group:Office",
  from: "STORE1",
  to: "STORE2",
  phase: "copying",
  "started-at": "2026-11-23T08:00:00Z",
  "started-by": "admin",
  "waiting-for": [],
  progress: {
    listed: 2_000,
    users: 10,
    versions: 0,
    quarantined: 0,
    merged: 0,
    failed: 1,
    problems: ["S-1: away"],
    complete: false,
  },
};

test("a move says where it is", () => {
  expect(isUnderWay(move)).toBe(true);
  expect(phaseText(move)).toBe("STORE2 takes over what STORE1 has; Agents use STORE1.");
  expect(progressText(move)).toBe(`10 of ${(2_000).toLocaleString()} users, 1 users not yet`);
  const switched: StorageMove = { ...move, phase: "switched", "waiting-for": ["TS1", "TS2"] };
  expect(phaseText(switched)).toBe("Agents use STORE2, but not yet: TS1, TS2.");
  expect(isUnderWay({ ...move, phase: "cancelled" })).toBe(false);
});
