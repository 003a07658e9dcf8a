import type { Page } from "@playwright/test";

import { look } from "./looks";
import { OpenidProvider } from "./openid";
import { expect, signIn, test } from "./test";

const ADA = "ada@example.test";

async function signOut(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: `Account of ${name}` }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
  // The provider knows the browser too, and would not ask again.
  await page.context().clearCookies();
}

test("people sign in by way of an OpenID Connect provider", async ({ signedIn: page, farm }) => {
  const provider = await OpenidProvider.start(farm.folder);
  await page.getByRole("link", { name: "Signing in" }).click();
  const card = page.getByRole("region", { name: "OpenID Connect" });
  await card.getByRole("button", { name: "Set up" }).click();
  const panel = page.getByRole("dialog", { name: "OpenID Connect" });
  await panel.getByRole("switch", { name: "People of the provider can sign in" }).click();
  await panel.getByLabel("Name of the provider").fill("Contoso");
  await panel.getByLabel("Issuer").fill(provider.issuer);
  await panel.getByLabel("Client identifier").fill("console");
  await panel.getByLabel("Client's secret").fill("secret of the console, for tests");
  await expect(panel.getByLabel("Address of this console")).toHaveValue(farm.url);
  await panel.getByLabel("Scopes").fill("profile groups");
  await panel.getByRole("button", { name: "Add a group" }).click();
  await panel.getByLabel(/^Group\*?$/).fill("helpdesk");
  await panel.getByRole("combobox", { name: "Role" }).click();
  await page.getByRole("option", { name: /^Operator/ }).click();
  await look(page, "openid-connect-set-up");

  // Nobody the console trusts has signed the provider's certificate.
  await panel.getByRole("button", { name: "Save" }).click();
  await expect(panel).toBeHidden();
  await card.getByRole("button", { name: "Check" }).click();
  await expect(card.getByRole("link", { name: "MP-CON-096" })).toBeVisible();
  await card.getByRole("button", { name: "Set up" }).click();
  await panel.getByLabel(/^Certificates/).fill(provider.certificate);
  await panel.getByRole("button", { name: "Save" }).click();
  await expect(panel).toBeHidden();
  await card.getByRole("button", { name: "Check" }).click();
  await expect(card.getByText(`${provider.issuer} answers.`)).toBeVisible();
  await provider.allow(`${farm.url}/sign-in/openid-connect`);
  await look(page, "openid-connect");
  await signOut(page, "admin");

  // Back to where one was, as the provider says who one is.
  await page.goto(`${farm.url}/users?search=x`);
  const enter = page.getByRole("button", { name: "Sign in with Contoso" });
  await expect(enter).toBeVisible();
  await look(page, "sign-in-provider");
  await enter.click();
  await page.getByLabel("User").fill("ada");
  await page.getByRole("button", { name: "Enter" }).click();
  await expect(page.getByRole("button", { name: `Account of ${ADA}` })).toBeVisible();
  await expect(page).toHaveURL(`${farm.url}/users?search=x`);
  await expect(page.getByRole("link", { name: "Audit" })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("button", { name: `Account of ${ADA}` })).toBeVisible();
  await signOut(page, ADA);

  // Who has no role, and who gives up, is told so where he can begin again.
  await enter.click();
  await page.getByLabel("User").fill("bob");
  await page.getByRole("button", { name: "Enter" }).click();
  await expect(page.getByRole("link", { name: "MP-CON-094" })).toBeVisible();
  await expect(page).toHaveURL(`${farm.url}/sign-in/openid-connect`);
  await look(page, "sign-in-provider-refused");
  await page.context().clearCookies();
  await enter.click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("link", { name: "MP-CON-102" })).toBeVisible();

  // The provider is away; the console's own accounts are not.
  await provider.stop();
  await signIn(page);
  await expect(page.getByRole("button", { name: "Account of admin" })).toBeVisible();
  await page.getByRole("link", { name: "Administrators" }).click();
  await expect(page.getByRole("row", { name: new RegExp(`${ADA}.*OpenID Connect`) })).toBeVisible();
  await page.getByRole("link", { name: "Signing in" }).click();
  await card.getByRole("button", { name: "Set up" }).click();
  await panel.getByRole("switch", { name: "People of the provider can sign in" }).click();
  await panel.getByRole("button", { name: "Save" }).click();
  await expect(panel).toBeHidden();
  await signOut(page, "admin");
  await expect(enter).toHaveCount(0);
});
