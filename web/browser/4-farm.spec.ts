import path from "node:path";

import { ADA, Host } from "./farm";
import { look } from "./looks";
import { freePort } from "./programs";
import { expect, signIn, tellSpace, test } from "./test";

test("a Storage Server is looked at, changed, and not deleted while it is used", async ({
  signedIn: page,
}) => {
  await page.getByRole("link", { name: "Storage Servers", exact: true }).first().click();
  await page.getByRole("link", { name: "STORE1" }).click();
  const panel = page.getByRole("dialog", { name: "STORE1" });
  await expect(panel.getByText("In contact")).toBeVisible();
  await expect(panel.getByText(/^\d.* free of \d/)).toBeVisible();
  await look(page, "storage-server");
  await panel.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Former versions kept", { exact: true }).fill("7");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(panel.getByText("the newest 7", { exact: true })).toBeVisible();
  await panel.getByRole("button", { name: "Delete" }).click();
  const asked = page.getByRole("alertdialog");
  await asked.getByRole("button", { name: "Delete" }).click();
  await expect(asked.getByRole("link", { name: "MP-CON-025" })).toBeVisible();
  await look(page, "storage-server-in-use");
  await asked.getByRole("button", { name: "Cancel" }).click();
  await panel.getByRole("button", { name: "Close" }).click();
  await expect(panel).toBeHidden();
  await look(page, "storage-servers");
});

test("little space and a user near the quota are told with what to do", async ({ signedIn: page }) => {
  const told = {
    "storage-server": "STORE1",
    reported: new Date().toISOString(),
    "free-bytes": 4_000_000_000,
    "total-bytes": 100_000_000_000,
    "kept-bytes": null,
    low: true,
    problem: null,
    "near-quota": [{ sid: ADA, scope: "global", "used-bytes": 9_500_000, "limit-bytes": 10_000_000 }],
  };
  await tellSpace(page, [told]);
  await page.reload();
  await expect(page.getByText("STORE1 has little space: 3.7 GB free of 93.1 GB.")).toBeVisible();
  await look(page, "overview-attention");
  await page.getByRole("link", { name: "What to do" }).click();
  const panel = page.getByRole("dialog", { name: "STORE1" });
  await expect(panel.getByText(/Make the volume bigger/)).toBeVisible();
  await expect(panel.getByRole("link", { name: ADA })).toBeVisible();
  await look(page, "storage-server-low");
});

test("a group is moved to another Storage Server, and the page follows it", async ({
  signedIn: page,
  farm,
}) => {
  test.setTimeout(300_000);
  const folder = path.join(farm.folder, "two");
  const port = String(await freePort());
  const create = ["--host", "localhost", "--port", port, "--base-folder", folder];
  await farm.ask("storage-server", "create", "STORE2", ...create);
  await page.goto(`${farm.url}/storage-servers`);
  await page.getByRole("button", { name: "Move data sets" }).click();
  const dialog = page.getByRole("dialog", { name: "Move data sets" });
  await dialog.getByRole("combobox", { name: "Data sets" }).click();
  await page.getByRole("option", { name: "Group Office" }).click();
  await dialog.getByRole("combobox", { name: "To", exact: true }).click();
  await page.getByRole("option", { name: "STORE2" }).click();
  const begin = dialog.getByRole("button", { name: "Begin the move" });
  await begin.click();
  // Nobody keeps anything there yet.
  await expect(dialog.getByRole("link", { name: "MP-CON-075" })).toBeVisible();
  await look(page, "storage-move-refused");
  await dialog.getByRole("button", { name: "Cancel" }).click();

  await page.getByRole("link", { name: "STORE2" }).click();
  const panel = page.getByRole("dialog", { name: "STORE2" });
  await panel.getByRole("button", { name: "Let it join" }).click();
  await page.getByRole("button", { name: "Make the token" }).click();
  const shown = page.getByTestId("copyable");
  await expect(shown).toHaveCount(2);
  const [join, start] = [await shown.nth(0).innerText(), await shown.nth(1).innerText()];
  await page.getByRole("button", { name: "Close" }).last().click();
  await panel.getByRole("button", { name: "Close" }).click();
  await expect(panel).toBeHidden();

  // The move waits for the new Storage Server, which runs a little later.
  await page.getByRole("button", { name: "Move data sets" }).click();
  await dialog.getByRole("combobox", { name: "Data sets" }).click();
  await page.getByRole("option", { name: "Group Office" }).click();
  await dialog.getByRole("combobox", { name: "To", exact: true }).click();
  await page.getByRole("option", { name: "STORE2" }).click();
  await expect(begin).toBeEnabled();
  await farm.joinStorage(join, "storage-two");
  await begin.click();
  await expect(dialog).toBeHidden();
  const row = page.getByRole("table", { name: "Moves" }).getByRole("row", { name: /Group Office/ });
  await expect(row).toContainText("Agents use STORE1.");
  await expect(row.getByRole("progressbar")).toBeVisible();
  await look(page, "storage-move-copying");
  await farm.runStorage(start, "storage-two");
  await expect(row).toContainText("Agents use STORE2, but not yet: TS1.");
  await look(page, "storage-move-switched");
  // An Agent asks for its plan at each logon.
  const host = new Host(farm, "TS1");
  await host.logon(ADA, "ada");
  await expect(row).toContainText("Done. STORE1 keeps what it has, and serves none of it.");
  await host.logoff(ADA);
  await look(page, "storage-move-done");
});

test("two administrators never overwrite each other unseen", async ({ signedIn: page, browser, farm }) => {
  await page.goto(`${farm.url}/groups/Office`);
  await page.getByRole("dialog", { name: "Office" }).getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Description").fill("Mine");

  const other = await (await browser.newContext()).newPage();
  await other.goto(`${farm.url}/groups/Office`);
  await signIn(other);
  await other.getByRole("dialog", { name: "Office" }).getByRole("button", { name: "Edit" }).click();
  await other.getByLabel("Description").fill("Theirs");
  await other.getByLabel("Checkpoint every so many minutes").fill("30");
  await other.getByRole("button", { name: "Save" }).click();
  await expect(other.getByText("30 min")).toBeVisible();
  await other.context().close();

  await page.getByRole("button", { name: "Save" }).click();
  const conflict = page.getByRole("alertdialog");
  await expect(conflict.getByText("admin changed this meanwhile")).toBeVisible();
  await expect(conflict.getByRole("row", { name: "Description Mine Theirs" })).toBeVisible();
  await look(page, "conflict");
  await conflict.getByRole("button", { name: "Go on from theirs" }).click();
  await expect(page.getByLabel("Description")).toHaveValue("Theirs");
  await page.getByLabel("Description").fill("Both of us");
  await page.getByRole("button", { name: "Save" }).click();
  const panel = page.getByRole("dialog", { name: "Office" });
  await expect(panel.getByText("Both of us")).toBeVisible();
  await expect(panel.getByText("30 min")).toBeVisible();
  await look(page, "group");
  await panel.getByRole("button", { name: "Close" }).click();
  await expect(panel).toBeHidden();
  await look(page, "groups");
});

test("an Agent is moved and revoked, and a token withdrawn", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Agents" }).first().click();
  await page.getByRole("button", { name: "Add Agent" }).click();
  await page.getByRole("button", { name: "Make the token" }).click();
  await expect(page.getByTestId("copyable")).toHaveCount(2);
  await look(page, "agent-join");
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Withdraw the token" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Withdraw" }).click();
  await expect(page.getByRole("alertdialog")).toBeHidden();
  await expect(page.getByText("Join tokens that wait for a machine")).toBeHidden();
  await look(page, "agents");

  await page.getByRole("link", { name: "TS1" }).click();
  const panel = page.getByRole("dialog", { name: "TS1" });
  await expect(panel.getByText("In contact")).toBeVisible();
  await look(page, "agent");
  await panel.getByRole("button", { name: "Move to group" }).click();
  await page.getByRole("combobox", { name: "Group", exact: true }).last().click();
  await page.getByRole("option", { name: "None" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Move" }).click();
  await expect(panel.getByText("none", { exact: true })).toBeVisible();
  await panel.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await expect(panel.getByText("Revoked")).toBeVisible();
});

test("a data subset is picked from a tree, and tried before it is saved", async ({
  signedIn: page,
  farm,
}) => {
  await page.getByRole("link", { name: "Data subsets" }).click();
  await page.getByRole("button", { name: "New" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("Picked");
  await page.getByRole("button", { name: "Pick from a tree" }).click();
  const picker = page.getByRole("dialog", { name: "Pick keys and folders" });
  await picker.getByRole("combobox", { name: "User" }).pressSequentially("1013");
  await page.getByRole("option", { name: ADA }).click();
  await picker.getByRole("treeitem", { name: "Control Panel" }).click();
  await picker.getByRole("treeitem", { name: "Desktop" }).click();
  await picker.getByRole("button", { name: "Keep it" }).click();
  await expect(picker.getByText("It is kept with all below it.")).toBeVisible();
  await picker.getByRole("checkbox", { name: "WallPaper", exact: true }).check();
  await picker.getByRole("button", { name: "Leave these values out" }).click();
  await look(page, "data-subset-picker");

  await picker.getByRole("radio", { name: "A sample hive" }).click();
  await picker.locator("input[type=file]").setInputFiles(await farm.sampleHive());
  await picker.getByRole("treeitem", { name: "Software" }).click();
  await picker.getByRole("treeitem", { name: "Microsoft" }).click();
  await picker.getByRole("button", { name: "Keep it" }).click();
  await picker.getByRole("treeitem", { name: "Contoso" }).click();
  await picker.getByRole("button", { name: "Keep it" }).click();
  await look(page, "data-subset-picker-hive");
  await picker.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("textbox", { name: "Key", exact: true })).toHaveCount(4);

  // The hive is the sample still.
  const rules = page.getByRole("table", { name: "Rules tried" });
  await page.getByRole("button", { name: "Test" }).click();
  await expect(rules.getByRole("row", { name: /Software\\Microsoft .* 1 value/ })).toBeVisible();
  const why = page.getByRole("table", { name: "What is left out, and why" });
  await expect(why.getByRole("row", { name: /CurrentVersion\\Run/ })).toBeVisible();

  const tried = page.getByRole("region", { name: "Try it" });
  await look(page, "data-subset-trial");
  await tried.getByRole("radio", { name: "A user's stored data" }).click();
  await expect(tried.getByRole("button", { name: "Test" })).toBeDisabled();
  await expect(tried.getByText("Choose a user from the list or type a whole SID")).toBeVisible();
  await tried.getByRole("combobox", { name: "User" }).fill(ADA);
  await tried.getByRole("button", { name: "Test" }).click();
  await expect(tried.getByText(/Of the global data set, version \d/)).toBeVisible();
  // What Ada has below the key is the value that was left out.
  await expect(rules.getByRole("row", { name: /Desktop: WallPaper .* 1 value/ })).toBeVisible();
  await expect(tried.getByRole("status")).toContainText("would be kept");
  await page.getByRole("button", { name: "Create" }).click();
  const panel = page.getByRole("dialog", { name: "Picked" });
  await expect(panel.getByText("leave out HKCU\\Control Panel\\Desktop; values WallPaper")).toBeVisible();
  const told = await farm.ask("subset", "try", "Picked", "--user", ADA);
  expect(told).toContain("Altogether");
  await panel.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await expect(panel).toBeHidden();
});

test("a data subset is described, read and deleted", async ({ signedIn: page }) => {
  await page.getByRole("link", { name: "Data subsets" }).click();
  await page.getByRole("button", { name: "New" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("Contoso");
  await page.getByRole("radio", { name: "Once for each of some groups" }).click();
  await page.getByRole("button", { name: "Add a key" }).click();
  await page.getByRole("textbox", { name: "Key", exact: true }).fill("Software\\Contoso");
  await page.getByRole("button", { name: "Add a folder" }).click();
  await page.getByLabel("Path below it").fill("Contoso");
  await page.getByLabel("Only these files").fill("*.json\n*.xml");
  await look(page, "data-subset-form");
  await page.getByRole("button", { name: "Create" }).click();
  const panel = page.getByRole("dialog", { name: "Contoso" });
  await expect(panel.getByText("keep RoamingAppData\\Contoso; files *.json, *.xml")).toBeVisible();
  await look(page, "data-subset");
  await panel.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("alertdialog")).toBeHidden();
  await expect(panel).toBeHidden();
  await expect(page.getByRole("link", { name: "Contoso" })).toBeHidden();
  await look(page, "data-subsets");
});
