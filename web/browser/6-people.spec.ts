import type { Page } from "@playwright/test";

import { look } from "./looks";
import { expect, signIn, test } from "./test";
import { codeOf } from "./totp";

const OWN = "olga's very own password";

let [first, secret, recovery] = ["", "", ""];

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Account of Olga" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
}

test("somebody is let in, held to a group", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Administrators" }).click();
  await page.getByRole("button", { name: "New" }).click();
  await page.getByLabel("Name").fill("Olga");
  await page.getByRole("radio", { name: "Some Agent Server Groups" }).click();
  await page.getByRole("checkbox").first().check();
  await look(page, "administrator-new");
  await page.getByRole("button", { name: "Create" }).click();
  first = (await page.getByTestId("copyable").textContent()) ?? "";
  expect(first).toMatch(/^[a-z2-9]{6}(-[a-z2-9]{6}){3}$/);
  await look(page, "administrator-password");
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("row", { name: /Olga operator .* must change the password/ })).toBeVisible();
  await look(page, "administrators");

  // Nobody shuts himself out, and the button says why.
  await page.getByRole("link", { name: "admin", exact: true }).click();
  const own = page.getByRole("dialog", { name: "admin" });
  const remove = own.getByRole("button", { name: "Remove" });
  await expect(remove).toHaveAttribute("aria-disabled", "true");
  await expect(remove).toHaveAccessibleDescription(/^This is your own account\./);
  await own.getByRole("button", { name: "Close" }).click();
});

test("a role is refused what it may not do", async ({ page, farm }) => {
  await page.goto(farm.url);
  await signIn(page, first, "Olga");
  await expect(page.getByRole("heading", { name: "Choose your own password" })).toBeVisible();
  await page.getByLabel("Present password").fill(first);
  await page.getByLabel(/^New password\*?$/).fill(OWN);
  await page.getByLabel("New password again").fill(OWN);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByRole("button", { name: "Account of Olga" })).toBeVisible();

  // The menu has what the role may see.
  await expect(page.getByRole("link", { name: "API tokens" })).toBeVisible();
  for (const name of ["Set up the farm", "Audit", "Administrators", "Signing in"]) {
    await expect(page.getByRole("link", { name, exact: true })).toHaveCount(0);
  }
  await page.goto(`${farm.url}/audit`);
  await expect(page.getByText("This page is not for your role")).toBeVisible();
  await look(page, "not-for-you");

  // Buttons say why they cannot be pressed.
  await page.getByRole("link", { name: "Storage Servers", exact: true }).first().click();
  const create = page.getByRole("button", { name: "New" });
  await expect(create).toHaveAttribute("aria-disabled", "true");
  await expect(create).toHaveAccessibleDescription(/^Your role, operator, may not do this\./);
  await look(page, "operator");

  // Whatever a page would send, the console refuses it.
  const statuses = await page.evaluate(async () => {
    const ask = async (method: string, path: string) => {
      const headers = { "X-MetaProfiles-Pages": "1", "Content-Type": "application/json", "If-Match": "*" };
      const body = method === "GET" ? null : "{}";
      return (await fetch(path, { method, headers, body })).status;
    };
    return Promise.all([
      ask("GET", "/api/v1/audit-log"),
      ask("GET", "/api/v1/administrators"),
      ask("POST", "/api/v1/administrators"),
      ask("POST", "/api/v1/storage-servers"),
      ask("PUT", "/api/v1/configuration"),
      ask("PUT", "/api/v1/sign-in-policy"),
    ]);
  });
  expect(statuses).toEqual([403, 403, 403, 403, 403, 403]);
});

test("an authenticator is enrolled, and its codes are good once", async ({ page, farm }) => {
  await page.goto(`${farm.url}/settings`);
  await signIn(page, OWN, "Olga");
  await page.getByRole("button", { name: "Enrol an authenticator" }).click();
  await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
  secret = (await page.getByTestId("copyable").textContent()) ?? "";
  await look(page, "second-factor-enrol");
  const used = codeOf(secret);
  await page.getByLabel("Code that it shows now").fill(used);
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByText("Each of these recovery codes")).toBeVisible();
  const codes = (await page.getByTestId("copyable").textContent()) ?? "";
  expect(codes.split("\n")).toHaveLength(10);
  recovery = codes.split("\n")[0] ?? "";
  await look(page, "recovery-codes");
  await page.getByRole("button", { name: "I have kept them" }).click();
  await expect(page.getByText("You have 10 recovery codes left.")).toBeVisible();
  await look(page, "my-account");

  await signOut(page);
  await signIn(page, OWN, "Olga");
  await page.getByLabel("Code").fill(used);
  await look(page, "sign-in-code");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("link", { name: "MP-CON-016" })).toBeVisible();
  await page.getByLabel("Code").fill(codeOf(secret, 1));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("You have 10 recovery codes left.")).toBeVisible();
  await signOut(page);
  await signIn(page, OWN, "Olga");
  await page.getByLabel("Code").fill(recovery);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("You have 9 recovery codes left.")).toBeVisible();
});

test("an API token is made, shown once and taken back", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "API tokens" }).click();
  await expect(page.getByText("There is no API token")).toBeVisible();
  await page.getByRole("button", { name: "New" }).click();
  await page.getByLabel("What it is for").fill("nightly export");
  await look(page, "api-token-new");
  await page.getByRole("button", { name: "Make the token" }).click();
  const token = (await page.getByTestId("copyable").textContent()) ?? "";
  expect(token).toMatch(/^mpt1\./);
  const asked = async () =>
    page.evaluate(async (bearer) => {
      const headers = { Authorization: `Bearer ${bearer}` };
      return (await fetch("/api/v1/audit-log", { headers })).status;
    }, token);
  expect(await asked()).toBe(200);
  await page.getByRole("button", { name: "Close" }).click();
  await look(page, "api-tokens");
  await page.getByRole("button", { name: "Take back nightly export" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Take back" }).click();
  await expect(page.getByText("There is no API token")).toBeVisible();
  expect(await asked()).toBe(401);
});

test("somebody's second factor is reset, his role changed, and he is removed", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Administrators" }).click();
  await page.getByRole("link", { name: "Olga" }).click();
  const panel = page.getByRole("dialog", { name: "Olga" });
  await expect(panel.getByText("enrolled")).toBeVisible();
  await look(page, "administrator");
  await panel.getByRole("button", { name: "Reset second factor" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Reset" }).click();
  await expect(panel.getByText("none", { exact: true })).toBeVisible();
  await panel.getByRole("button", { name: "Change role" }).click();
  await page.getByRole("combobox", { name: "Role" }).click();
  await page.getByRole("option", { name: /^Auditor/ }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(panel.getByText("auditor")).toBeVisible();
  await panel.getByRole("button", { name: "Disable" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Disable" }).click();
  await expect(panel.getByText("disabled")).toBeVisible();
  await panel.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("link", { name: "Olga" })).toBeHidden();

  // All of that is told, with before and after.
  await page.getByRole("link", { name: "Audit" }).click();
  await page.getByRole("searchbox").fill("administrator Olga");
  await expect(page.getByRole("row", { name: /reset the second factor/ })).toBeVisible();
  await page
    .getByRole("row", { name: /admin changed administrator Olga auditor of \w+$/ })
    .getByRole("button")
    .first()
    .click();
  const entry = page.getByRole("dialog", { name: /^Entry/ });
  await expect(entry.getByText("- operator of")).toBeVisible();
  await expect(entry.getByText("+ auditor of")).toBeVisible();
  await look(page, "audit-entry");
});

test("everybody needs a second factor where the farm says so", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Signing in" }).click();
  const wanted = page.getByRole("switch", { name: "Everybody who signs in needs a second factor" });
  await look(page, "signing-in");
  await wanted.click();
  await expect(page.getByRole("heading", { name: "Enrol a second factor" })).toBeVisible();
  secret = (await page.getByTestId("copyable").textContent()) ?? "";
  await look(page, "second-factor-wanted");
  await page.getByLabel("Code that it shows now").fill(codeOf(secret));
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("button", { name: "I have kept them" }).click();
  await expect(wanted).toBeChecked();
  await wanted.click();
  await expect(wanted).not.toBeChecked();
  await page.goto(new URL("/settings", page.url()).href);
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByLabel("Code").fill(codeOf(secret, 1));
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("button", { name: "Enrol an authenticator" })).toBeVisible();
});

test("a directory that does not answer is told with what to do", async ({ signedIn: page, farm }) => {
  await page.goto(`${farm.url}/signing-in`);
  const card = page.getByRole("region", { name: "Active Directory" });
  await card.getByRole("button", { name: "Set up" }).click();
  const panel = page.getByRole("dialog", { name: "Active Directory" });
  await panel.getByRole("switch", { name: "People of the directory can sign in" }).click();
  await panel.getByLabel("Domain controllers").fill("127.0.0.1:1");
  await panel.getByLabel("Account that asks").fill("asks@farm.example");
  await panel.getByLabel("Its password").fill("not needed");
  await panel.getByRole("button", { name: "Add a group" }).click();
  await panel.getByLabel("Name of the group").fill("Farm operators");
  await panel.getByLabel("Security identifier").fill("S-1-5-21-1-2-3-512");
  await look(page, "directory-form");
  await panel.getByRole("button", { name: "Save" }).click();
  await expect(panel).toBeHidden();
  await card.getByRole("button", { name: "Check" }).click();
  await expect(card.getByText("The directory does not answer as it should")).toBeVisible();
  await expect(card.getByRole("link", { name: "MP-CON-091" })).toBeVisible();
  await look(page, "directory-no-answer");
  await card.getByRole("button", { name: "Set up" }).click();
  await panel.getByRole("switch").click();
  await panel.getByRole("button", { name: "Save" }).click();
  await expect(card.getByText("no", { exact: true })).toBeVisible();
});
