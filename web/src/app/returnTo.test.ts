import { expect, test } from "vitest";

import { sentBack } from "../api/openid";
import { isPlace } from "./returnTo";

test("one comes back to these pages and nowhere else", () => {
  for (const place of ["/", "/users/S-1-5-21-1", "/audit?search=a"]) expect(isPlace(place)).toBe(true);
  const others = [
    "",
    "//evil.test",
    "/\\evil.test",
    "https://evil.test",
    "javascript:1",
    "/sign-in/openid-connect?code=1",
  ];
  for (const place of others) expect(isPlace(place)).toBe(false);
});

test("what the provider sends is taken from the address", () => {
  const sent = sentBack("?code=a%2Fb&state=s&iss=https%3A%2F%2Fp.test&error_description=x");
  expect(sent).toEqual({ state: "s", code: "a/b", error: null, issuer: "https://p.test" });
  expect(sentBack("?error=access_denied&state=s")?.error).toBe("access_denied");
  expect(sentBack("?code=a")).toBeNull();
});
