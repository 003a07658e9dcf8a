import { ADA, Host } from "./farm";
import { look } from "./looks";
import { expect, test } from "./test";

const DESKTOP = "Control Panel\\Desktop";

test("one value is brought back, and arrives at the user's next logon", async ({ signedIn: page, farm }) => {
  test.setTimeout(300_000);
  const host = new Host(farm, "TS1");
  await host.logon(ADA, "ada");
  await host.change("ada", DESKTOP, '"WallPaper"="D:\\\\broken.jpg"\n"TileWallpaper"="1"');
  await host.logoff(ADA);
  await host.report();

  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("link", { name: ADA, exact: true }).click();
  await page.getByRole("tab", { name: "Data sets" }).click();
  const versions = page.getByRole("table", { name: "Versions" });
  await expect(versions.getByRole("row")).toHaveCount(3);
  await expect(versions.getByRole("row").nth(1)).toContainText("Agent on TS1");
  await look(page, "data-sets");

  await versions.getByRole("link", { name: "2", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Version 2 of the global data set" })).toBeVisible();
  await page.getByRole("treeitem", { name: "Control Panel" }).click();
  await page.getByRole("treeitem", { name: "Desktop" }).click();
  const values = page.getByRole("table", { name: "Values" });
  await expect(values.getByRole("row", { name: /WallPaper REG_SZ D:\\broken\.jpg/ })).toBeVisible();
  await look(page, "version-content");
  await page.getByRole("searchbox").fill("BROKEN");
  await expect(page.getByRole("table", { name: "Found" }).getByRole("row")).toHaveCount(2);
  await look(page, "version-search");
  await page.getByRole("searchbox").fill("");

  await page.getByRole("tab", { name: "Changes" }).click();
  const changes = page.getByRole("table", { name: "Changes" });
  await expect(
    changes.getByRole("row", { name: /WallPaper D:\\harbour\.jpg D:\\broken\.jpg/ }),
  ).toBeVisible();
  await look(page, "version-changes");
  await page.getByRole("button", { name: /^Undo .*: WallPaper$/ }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog.getByRole("row", { name: /WallPaper D:\\broken\.jpg D:\\harbour\.jpg/ })).toBeVisible();
  await expect(dialog.getByText("The user gets it at the next logon.")).toBeVisible();
  await dialog.getByLabel("Reason").fill("The old picture was better");
  await look(page, "restore");
  await dialog.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText("Restored as version 3")).toBeVisible();

  await host.logon(ADA, "ada");
  const profile = await host.registry("ada");
  expect(profile).toContain(`${DESKTOP}: WallPaper = D:\\harbour.jpg`);
  expect(profile, "all else stays").toContain(`${DESKTOP}: TileWallpaper = 1`);
  await host.report();
});

test("a session that is open does not undo what is restored", async ({ signedIn: page, farm }) => {
  test.setTimeout(300_000);
  const host = new Host(farm, "TS1");
  await page.goto(`${farm.url}/users/${ADA}/data-sets/global/2`);
  await page.getByRole("treeitem", { name: "Control Panel" }).click();
  await page.getByRole("treeitem", { name: "Desktop" }).click();
  await expect(page.getByRole("button", { name: "Restore WallPaper" })).toBeVisible();
  await look(page, "version-former");
  await page.getByRole("button", { name: "Restore everything" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog.getByText("The user is logged on to TS1")).toBeVisible();
  await look(page, "restore-logged-on");
  await dialog.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText("Restored as version 4")).toBeVisible();

  // The user has changed nothing of it, and something else.
  await host.change("ada", DESKTOP, '"WallpaperStyle"="10"');
  await host.logoff(ADA);
  await host.logon(ADA, "ada");
  const profile = await host.registry("ada");
  expect(profile).toContain(`${DESKTOP}: WallPaper = D:\\broken.jpg`);
  expect(profile).toContain(`${DESKTOP}: WallpaperStyle = 10`);
  await host.logoff(ADA);
  await host.report();

  await page.getByRole("link", { name: "Audit" }).click();
  await page.getByRole("searchbox").fill("restored");
  await expect(page.getByRole("row", { name: /everything from version 2/ })).toBeVisible();
});

test("an upload in quarantine is compared with what is stored, and adopted", async ({
  signedIn: page,
  farm,
}) => {
  const host = new Host(farm, "TS1");
  // Nothing was imported, so nobody can say that what is exported is newer than what is stored.
  await host.logonUnheard(ADA, "ada");
  await host.change("ada", DESKTOP, '"WallPaper"="D:\\\\stray.jpg"');
  await host.logoffUnheard(ADA);

  await page.goto(`${farm.url}/users/${ADA}/data-sets`);
  const waiting = page.getByRole("table", { name: "Quarantine" });
  await expect(waiting.getByRole("row", { name: /TS1/ })).toHaveCount(1);
  await look(page, "quarantine");
  await waiting.getByRole("button", { name: "Compare and adopt" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog.getByRole("row", { name: /WallPaper .*D:\\stray\.jpg/ })).toBeVisible();
  await dialog.getByLabel("Reason").fill("The user says so");
  await look(page, "quarantine-adopt");
  await dialog.getByRole("button", { name: "Adopt" }).click();
  await expect(page.getByText(/Adopted as version \d/)).toBeVisible();
  await expect(waiting).toBeHidden();
});

test("a version is pinned, and a data set that is not there says what to do", async ({
  signedIn: page,
  farm,
}) => {
  await page.goto(`${farm.url}/users/${ADA}/data-sets`);
  await page.getByRole("button", { name: "Pin version 1" }).click();
  await expect(page.getByRole("row", { name: /pinned/ })).toBeVisible();
  await page.getByRole("button", { name: "Unpin version 1" }).click();
  await expect(page.getByRole("row", { name: /pinned/ })).toHaveCount(0);
  // Somebody else pins what this page shows as it was before.
  await farm.ask("user", "pin", ADA, "1");
  await page.getByRole("button", { name: "Pin version 1" }).click();
  await expect(page.getByText("Not changed")).toBeVisible();
  await expect(page.getByRole("row", { name: /pinned/ })).toBeVisible();
  await page.getByRole("button", { name: "Unpin version 1" }).click();
  await expect(page.getByRole("row", { name: /pinned/ })).toHaveCount(0);
  await page.goto(`${farm.url}/users/S-1-5-21-1-2-3-4711/data-sets`);
  await expect(page.getByText("No data set is kept")).toBeVisible();
  await look(page, "data-sets-none");
  await page.goto(`${farm.url}/users/${ADA}/data-sets/global/99`);
  await expect(page.getByText("There is no version 99")).toBeVisible();
});
