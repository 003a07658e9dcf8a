import { PASSWORD } from "./farm";
import { look } from "./looks";
import { expect, signIn, test } from "./test";

test("a configuration is exported, changed as text, looked at and imported", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Configuration" }).click();
  await expect(page.getByRole("region", { name: "Configuration text" })).toContainText("[[storage-server]]");
  await look(page, "configuration");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  expect((await download).suggestedFilename()).toMatch(/^metaprofiles-.*\.toml$/);

  await page.getByRole("tab", { name: "Import" }).click();
  const text = page.getByRole("textbox", { name: "Configuration text" });
  await text.fill("what is this");
  await page.getByRole("button", { name: "Show what would change" }).click();
  await expect(page.getByRole("link", { name: "MP-CON-021" })).toBeVisible();
  await page.getByRole("button", { name: "Start from the present one" }).click();
  await expect(text).toHaveValue(/storage-server/);
  const changed = (await text.inputValue()).replace(/keep-versions = \d+/, "keep-versions = 9");
  await text.fill(`${changed}\n[[agent-server-group]]\nname = "Lab"\n`);
  await page.getByRole("button", { name: "Show what would change" }).click();
  await expect(page.getByText("+ keep-versions = 9")).toBeVisible();
  await expect(page.getByText("Agent Server Group Lab")).toBeVisible();
  await look(page, "configuration-import");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Import" }).click();
  await expect(page.getByRole("alertdialog")).toBeHidden();
  await expect(page.getByText("2 things have changed")).toBeVisible();
});

test("the appearance is chosen and kept", async ({ signedIn: page }) => {
  const background = () =>
    page.evaluate(() => getComputedStyle(document.querySelector("header") ?? document.body).backgroundColor);
  const light = await background();
  await page.getByRole("link", { name: "Settings" }).click();
  await look(page, "settings");
  await page.getByRole("radio", { name: "Dark" }).click();
  await expect.poll(background).not.toBe(light);
  await page.reload();
  await expect(page.getByRole("radio", { name: "Dark" })).toBeChecked();
});

test("a password is changed", async ({ signedIn: page }) => {
  const next = "another good password";
  const change = async (from: string, to: string) => {
    await page.getByLabel("Present password").fill(from);
    await page.getByLabel(/^New password\*?$/).fill(to);
    await page.getByLabel("New password again").fill(to);
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.getByText("The password is changed.")).toBeVisible();
  };
  await page.getByRole("link", { name: "Settings" }).click();
  await change(PASSWORD, next);
  await page.getByRole("button", { name: "Account of admin" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await signIn(page, next);
  await change(next, PASSWORD);
});

test("all of it is reached by keyboard in a narrow window", async ({ signedIn: page }) => {
  await page.setViewportSize({ width: 480, height: 900 });
  await page.getByRole("button", { name: "Open navigation" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Data subsets" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Data subsets", level: 1 })).toBeVisible();
  await page.getByRole("link", { name: "Printers" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Printers" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Printers" })).toBeHidden();
});
