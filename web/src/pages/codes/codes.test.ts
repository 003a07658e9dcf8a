import { expect, test } from "vitest";

import { codes, parseCodes } from "./codes";

test("the document's tables are read", () => {
  const [first] = parseCodes(
    "# Codes\n\n## Part\n\n| code | meaning | do |\n|---|---|---|\n| MP-ABC-001 | `x` | y |\n",
  );
  expect(first).toEqual({
    code: "MP-ABC-001",
    part: "Part",
    columns: [
      ["meaning", "x"],
      ["do", "y"],
    ],
  });
});

test("all codes are found, each once and explained", () => {
  expect(codes.length).toBeGreaterThan(150);
  expect(new Set(codes.map((row) => row.code)).size).toBe(codes.length);
  for (const row of codes)
    expect(
      row.columns.every(([, text]) => text !== ""),
      row.code,
    ).toBe(true);
});
