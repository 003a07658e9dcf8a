import { test as base, expect, type Page } from "@playwright/test";

import { Farm, PASSWORD } from "./farm";

interface Fixtures {
  /** A page of the farm on which `admin` is signed in. */
  readonly signedIn: Page;
}

interface WorkerFixtures {
  /** A farm that all tests of a worker share. */
  readonly farm: Farm;
}

/** Tests over a farm of the real programs. A page that says anything on its console fails its test. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  farm: [
    // Playwright reads the names of what a fixture uses, so the pattern has to be there.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const farm = await Farm.start();
      await use(farm);
      await farm.stop();
    },
    { scope: "worker" },
  ],
  page: async ({ page }, use) => {
    const said: string[] = [];
    page.on("console", (message) => {
      // What the console refuses is told to the person, and by the browser here as well.
      const refused = message.text().startsWith("Failed to load resource");
      if (["error", "warning"].includes(message.type()) && !refused) said.push(message.text());
    });
    page.on("pageerror", (error) => said.push(error.message));
    await use(page);
    expect(said).toEqual([]);
  },
  signedIn: async ({ page, farm }, use) => {
    await page.goto(farm.url);
    await signIn(page);
    // Whoever goes on before the console has answered goes on without a session.
    await expect(page.getByRole("button", { name: "Account of admin" })).toBeVisible();
    await use(page);
  },
});

/** Fills in the way in. */
export async function signIn(page: Page, password = PASSWORD, name = "admin"): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Has the console tell this of the space of its Storage Servers: what is free on the disk of a test is nobody's to say. */
export async function tellSpace(page: Page, told: readonly object[]): Promise<void> {
  await page.route("**/api/v1/storage-status", (route) => route.fulfill({ json: told }));
  await page.route("**/api/v1/overview", async (route) => {
    const answer = await route.fetch();
    const farm = (await answer.json()) as object;
    await route.fulfill({ response: answer, json: { ...farm, "storage-status": told } });
  });
}

export { expect };
