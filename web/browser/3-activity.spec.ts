import { ADA } from "./farm";
import { look } from "./looks";
import { expect, test } from "./test";

test("what happened to a user, and why, in two clicks", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Sessions", exact: true }).first().click();
  const rows = page.getByRole("row");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText("Stored");
  await look(page, "sessions");
  await page.getByRole("searchbox").fill("nobody");
  await expect(page.getByText("No such session")).toBeVisible();
  await page.getByRole("searchbox").fill("1013");
  await rows.nth(1).getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: "Session on TS1" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Logon" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Logoff" })).toBeVisible();
  await look(page, "session");
});

test("a user and his sessions", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("link", { name: ADA }).click();
  await expect(page.getByRole("heading", { name: ADA })).toBeVisible();
  await expect(page.getByRole("row")).toHaveCount(2);
  await look(page, "user");
  await page.getByRole("link", { name: "All users" }).click();
  await expect(page.getByRole("row")).toHaveCount(2);
  await look(page, "users");
});

test("the audit log is searched", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Audit" }).click();
  await expect(page.getByRole("cell", { name: "signed in" }).first()).toBeVisible();
  await page.getByRole("searchbox").fill("STORE1");
  await expect(page.getByRole("cell", { name: "signed in" })).toHaveCount(0);
  await expect(page.getByRole("cell", { name: 'Storage Server "STORE1"' }).first()).toBeVisible();
  await look(page, "audit");
});

test("a code is explained, also to whoever is not signed in", async ({ page, farm }) => {
  await page.goto(`${farm.url}/codes/MP-AGT-030`);
  await expect(page.getByText("storage did not give the data sets")).toBeVisible();
});

test("all codes are searched", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Codes" }).click();
  await page.getByRole("searchbox").fill("spool nearly full");
  await expect(page.getByRole("row")).toHaveCount(2);
  await look(page, "codes");
});
