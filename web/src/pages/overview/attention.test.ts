import { expect, test } from "vitest";

import type { Overview } from "../../api/activity";
import { concernsOf } from "./attention";

const well = { active: 1, silent: 0, "without-group": 0 };
const farm: Overview = {
  now: "2026-11-22T08:00:00Z",
  "storage-servers": 1,
  "agent-server-groups": 1,
  "data-subsets": 1,
  agents: well,
  "storage-machines": well,
  "any-session": true,
  day: { sessions: 5 },
  hours: [],
  outcomes: [{ outcome: "stored", sessions: 5 }],
  overridden: 0,
  "storage-damage": { count: 0, newest: [] },
  "storage-status": [],
};

test("a farm that is well needs no attention", () => {
  expect(concernsOf(farm)).toEqual([]);
});

test("graver things come first, each with where to look", () => {
  const concerns = concernsOf({
    ...farm,
    agents: { active: 3, silent: 2, "without-group": 0 },
    outcomes: [{ outcome: "failed", sessions: 1 }],
  });
  expect(concerns.map(({ grave, to }) => [grave, to])).toEqual([
    [true, "/sessions?outcome=failed"],
    [false, "/agents?sort=last-seen"],
  ]);
  expect(concerns[0]?.text).toBe("1 session of the last day failed");
});

test("a Storage Server without a machine is told", () => {
  const concerns = concernsOf({ ...farm, "storage-servers": 2 });
  expect(concerns.map(({ text }) => text)).toEqual(["1 Storage Server has no machine yet"]);
});

test("damage is told with whose it is and what was done, and how much more there is", () => {
  const damage = {
    id: "d1",
    code: "MP-STO-120",
    "storage-server": "STORE1",
    scope: "global",
    sid: "S-1-5-21-1-2-3-1001",
    user: "FARM\\ada",
    part: "current",
    number: 3,
    why: "torn",
    remedy: "fell-back",
    "fell-back-to": 2,
    "current-as": 4,
    found: "use",
    "first-found": "2026-11-22T08:00:00Z",
    "last-found": "2026-11-22T08:00:00Z",
    times: 1,
  } as const;
  const concerns = concernsOf({ ...farm, "storage-damage": { count: 3, newest: [damage] } });
  expect(concerns.map(({ to }) => to)).toEqual(["/damage/d1", "/damage"]);
  expect(concerns[0]?.text).toContain("FARM\\ada in global: version 3, current");
  expect(concerns[1]?.text).toBe("2 more damages that nobody has seen");
});

test("a store is told that has little space, does not work, or has users near their quota", () => {
  const store = {
    "storage-server": "STORE1",
    reported: "2026-11-22T08:00:00Z",
    low: false,
    "near-quota": [],
  };
  const near = { sid: "S-1-5-21-1-2-3-1001", scope: "global", "used-bytes": 9, "limit-bytes": 10 };
  const concerns = concernsOf({
    ...farm,
    "storage-status": [
      { ...store, low: true, "free-bytes": 1_048_576, "total-bytes": 1_073_741_824, "near-quota": [near] },
      { ...store, "storage-server": "STORE 2", problem: "is its disk mounted?" },
    ],
  });
  expect(concerns.map(({ grave, text, to }) => [grave, text, to])).toEqual([
    [true, "STORE 2 cannot use its store: is its disk mounted?", "/storage-servers/STORE%202"],
    [false, "STORE1 has little space: 1 MB free of 1 GB", "/storage-servers/STORE1"],
    [false, "1 user takes much of the quota on STORE1", "/storage-servers/STORE1"],
  ]);
});
