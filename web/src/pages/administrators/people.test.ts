import { describe, expect, test } from "vitest";

import type { Administrator } from "../../api/people";
import { groupsOf, isLocked, stateOf } from "./people";

const ada: Administrator = {
  name: "Ada",
  origin: "local",
  role: "operator",
  groups: null,
  "second-factor": false,
  disabled: false,
  "must-change-password": false,
  "locked-until": null,
  created: "2026-01-01T00:00:00Z",
};

describe("what a person reads of an account", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  test("a lock that is past is none", () => {
    expect(isLocked({ ...ada, "locked-until": "2026-01-01T23:59:59Z" }, now)).toBe(false);
    expect(isLocked({ ...ada, "locked-until": "2026-01-02T00:00:01Z" }, now)).toBe(true);
  });
  test("what keeps somebody out comes first", () => {
    expect(stateOf(ada, now)).toBe("active");
    expect(stateOf({ ...ada, "must-change-password": true }, now)).toBe("must change the password");
    const locked = { ...ada, "must-change-password": true, "locked-until": "2026-01-02T00:00:01Z" };
    expect(stateOf(locked, now)).toMatch(/^locked until /);
    expect(stateOf({ ...locked, disabled: true }, now)).toBe("disabled");
  });
  test("no groups are all groups", () => {
    expect(groupsOf(null)).toBe("the whole farm");
    expect(groupsOf(["Office", "Lab"])).toBe("Office, Lab");
  });
});
