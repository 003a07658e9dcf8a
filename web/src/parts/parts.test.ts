import { expect, test } from "vitest";

import { problemOf, sentence } from "../api/problem";
import { different } from "./different";
import { sinceOf } from "./periods";
import { matches, next, sorted } from "./sorting";
import { agoOf, bytesOf, lengthOf } from "./times";

test("only fields that differ are told", () => {
  const mine = [
    ["Name", "a"],
    ["Port", "1"],
    ["Mine", "x"],
  ] as const;
  const theirs = [
    ["Name", "a"],
    ["Port", "2"],
  ] as const;
  expect(different(mine, theirs)).toEqual([
    { field: "Port", mine: "1", theirs: "2" },
    { field: "Mine", mine: "x", theirs: "" },
  ]);
});

test("names with numbers are sorted as people do", () => {
  expect(sorted(["TS10", "ts9", "TS1"], (name) => name, false)).toEqual(["TS1", "ts9", "TS10"]);
  expect(sorted([1, 3, 2], (number) => number, true)).toEqual([3, 2, 1]);
  expect(next({ title: "Name", descending: false }, "Name")).toEqual({ title: "Name", descending: true });
  expect(next({ title: "Name", descending: true }, "Port")).toEqual({ title: "Port", descending: false });
});

test("all words of a search are wanted, anywhere", () => {
  expect(matches("store EXAMPLE", ["TS-STORE1", "ts-store1.example.com"])).toBe(true);
  expect(matches("store lab", ["TS-STORE1", undefined])).toBe(false);
});

test("times and sizes are short", () => {
  expect([0.26, 42.4, 1_234, 61_000].map(lengthOf)).toEqual(["0.3 ms", "42 ms", "1.2 s", "1 min 1 s"]);
  expect([10, 2_048, 5_000_000].map(bytesOf)).toEqual(["10 bytes", "2 KB", "4.8 MB"]);
  const now = Date.parse("2026-11-22T08:00:00Z");
  expect(agoOf("2026-11-22T07:30:00Z", now)).toBe("30 minutes ago");
  expect(sinceOf("hour", now)).toEqual({ from: "2026-11-22T07:00:00.000Z" });
  expect(sinceOf("all", now)).toEqual({});
});

test("problems are read, and what is none is told so", () => {
  const problem = problemOf({ code: "MP-CON-028", title: "Changed", detail: "somebody changed it" }, 412);
  expect([problem.code, sentence(problem.message)]).toEqual(["MP-CON-028", "Somebody changed it."]);
  expect(problemOf("<html>", 502).code).toBe("MP-WEB-002");
});
