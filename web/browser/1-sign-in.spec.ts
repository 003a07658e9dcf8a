import { look } from "./looks";
import { expect, signIn, test } from "./test";

test("signing in, staying signed in, signing out", async ({ page, farm }) => {
  await page.goto(`${farm.url}/storage-servers`);
  await expect(page.getByRole("heading", { name: "MetaProfiles" })).toBeVisible();
  await look(page, "sign-in");
  await signIn(page, "wrong password");
  await expect(page.getByText("Name or password is wrong.")).toBeVisible();
  await expect(page.getByRole("link", { name: "MP-CON-003" })).toHaveAttribute("href", "/codes/MP-CON-003");
  await look(page, "sign-in-refused");
  await signIn(page);
  // The address that was asked for, before and after the page is loaded again.
  await expect(page.getByRole("heading", { name: "Storage Servers", level: 1 })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Storage Servers", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Account of admin" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
});

test("a session that is over leads back to where one was", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await page.context().clearCookies();
  await page.getByRole("link", { name: "Storage Servers", exact: true }).first().click();
  await expect(page.getByText("Your session is over.")).toBeVisible();
  await signIn(page);
  await expect(page.getByRole("heading", { name: "Storage Servers", level: 1 })).toBeVisible();
});

test("an empty farm says what to do", async ({ signedIn: page }) => {
  await expect(page.getByText("This farm is empty")).toBeVisible();
  await look(page, "overview-empty");
});
