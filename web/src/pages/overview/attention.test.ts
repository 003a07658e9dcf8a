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
