import type { Page } from "@playwright/test";

import { look, lookInAllWindows } from "./looks";
import { expect, test } from "./test";

/** Answers as a farm with many users would: names as long as they may be. */
async function manyUsers(page: Page): Promise<void> {
  const items = Array.from({ length: 200 }, (_, index) => ({
    sid: `S-1-5-21-3623811015-3361044348-30300820-${10_000 + index}`,
    name: `CORPORATION\\firstname.lastname${index}`,
    "display-name": `Firstname Lastname-Doublename ${index} (External)`,
    "first-seen": "2026-10-01T08:00:00Z",
    "last-seen": "2026-11-22T08:00:00Z",
    "last-session": "0123456789abcdef0123456789abcdef",
    "last-host": `TS-LONG-NAME-${index}`,
    sessions: 1_234,
  }));
  await page.route("**/api/v1/users?*", (route) => route.fulfill({ json: { items, next: "more" } }));
}

test("every page has its place in windows of all sizes", async ({ signedIn: page }) => {
  test.setTimeout(300_000);
  const links = page.getByRole("navigation", { name: "Pages" }).getByRole("link");
  await expect(links.first()).toBeVisible();
  const titles = await links.allInnerTexts();
  expect(titles.length).toBeGreaterThan(15);
  for (const title of titles) {
    await links.filter({ hasText: new RegExp(`^${title}$`) }).click();
    await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    await lookInAllWindows(page, `page-${title.toLowerCase().replaceAll(" ", "-")}`);
  }
});

test("a long table is of use in a narrow window", async ({ signedIn: page }) => {
  await manyUsers(page);
  await page.getByRole("link", { name: "Users" }).click();
  await expect(page.getByRole("row")).toHaveCount(201);
  await look(page, "users-many");
  await lookInAllWindows(page, "users-many");
  await page.setViewportSize({ width: 480, height: 900 });
  const table = page.getByRole("region", { name: "Users" });
  await table.evaluate((frame) => frame.scrollTo({ left: frame.scrollWidth }));
  // What is scrolled out of sight still says of whom it is.
  await expect(page.getByText("CORPORATION\\firstname.lastname0,")).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole("link", { name: "TS-LONG-NAME-0", exact: true })).toBeInViewport({ ratio: 1 });
  await page.getByRole("button", { name: "Show more" }).scrollIntoViewIfNeeded();
  await expect(page.getByRole("button", { name: "Show more" })).toBeInViewport({ ratio: 1 });
});
