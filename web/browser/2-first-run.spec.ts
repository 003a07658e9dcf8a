import path from "node:path";

import { ADA } from "./farm";
import { look } from "./looks";
import { freePort } from "./programs";
import { expect, tellSpace, test } from "./test";

test("from an empty farm to the first logon, by what the page says", async ({ signedIn: page, farm }) => {
  test.setTimeout(300_000);
  const step = (name: string) => page.locator(`[data-step=${name}][aria-current=step]`);
  const create = page.getByRole("button", { name: "Create and go on" });
  await page.getByRole("button", { name: "Set up the farm" }).click();

  await expect(step("server")).toBeVisible();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("STORE1");
  await page.getByLabel("Host").fill("localhost");
  await page.getByLabel("TCP port").fill(String(await freePort()));
  await page.getByLabel("Base folder").fill("data");
  await create.click();
  // What is wrong is said where it is written, with what to do.
  await expect(page.getByText("Not created")).toBeVisible();
  await look(page, "set-up-refused");
  await page.getByLabel("Base folder").fill(path.join(farm.folder, "data"));
  await create.click();

  await expect(step("storage")).toBeVisible();
  await page.getByRole("button", { name: "Make a join token" }).click();
  const shown = page.getByTestId("copyable");
  await expect(shown).toHaveCount(2);
  await look(page, "set-up-storage");
  await farm.startStorage(await shown.nth(0).innerText(), await shown.nth(1).innerText());

  await expect(step("group")).toBeVisible();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("Office");
  await page.getByLabel("Description").fill("Session hosts with the office programs");
  await create.click();

  await expect(step("subset")).toBeVisible();
  await look(page, "set-up-subsets");
  await create.click();

  await expect(step("agent")).toBeVisible();
  await page.getByRole("button", { name: "Make a join token" }).click();
  await expect(shown.nth(0)).toContainText("msiexec /i metaprofiles-agent-");
  await look(page, "set-up-agent");
  const host = await farm.startHost("TS1", await shown.nth(1).innerText());

  await expect(step("logon")).toBeVisible();
  await host.logon(ADA, "ada");
  await host.change("ada", "Control Panel\\Desktop", '"WallPaper"="D:\\\\harbour.jpg"');
  await host.logoff(ADA);
  await host.report();
  await expect(page.getByText("The farm works.")).toBeVisible();
  await look(page, "set-up-done");

  await tellSpace(page, []);
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByText("Nothing. All machines are in contact")).toBeVisible();
  await expect(page.getByText("1 of 1").first()).toBeVisible();
  await look(page, "overview");
});
