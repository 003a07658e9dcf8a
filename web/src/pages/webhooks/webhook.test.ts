import { expect, test } from "vitest";

import { formOf, KINDS, newWebhook, resultOf } from "./webhook";

test("what came of a request says why it was not taken", () => {
  const at = "2026-11-22T08:00:00Z";
  expect(resultOf(null)).toBe("nothing was told yet");
  expect(resultOf({ at, told: true, status: 204 })).toContain("taken");
  expect(resultOf({ at, told: false, error: "it refuses: status 503" })).toContain("status 503");
});

test("what is not described by the administrator is not sent back", () => {
  const found = { ...newWebhook, certificates: "", enabled: true, waiting: 3, "given-up": 1 };
  expect(formOf(found)).toEqual(newWebhook);
  expect(newWebhook.kinds.every((kind) => KINDS.some(([known]) => known === kind))).toBe(true);
});
