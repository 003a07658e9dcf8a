import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect, type Page } from "@playwright/test";
import axe from "axe-core";

const HERE = path.dirname(fileURLToPath(import.meta.url));
/** Where screenshots go; CI keeps them. */
const FOLDER = process.env.METAPROFILES_SCREENSHOTS ?? path.resolve(HERE, "../../target/screenshots");

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 480, height: 900 };
/** Windows of all the sizes that the pages are made for. */
const WINDOWS = [
  NARROW,
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
  { width: 2560, height: 1440 },
];

/** Lets axe look at the page as it is, and fails on what is serious. Fluent's stops for the keyboard are no content. */
async function accessible(page: Page, rules?: string[]): Promise<void> {
  // Evaluated by the debugger, so the page's policy stays as it is.
  await page.evaluate(axe.source);
  const found = await page.evaluate(async (runOnly) => {
    const options = runOnly === undefined ? {} : { runOnly };
    const results = await window.axe.run(
      { exclude: ["[data-tabster-dummy]"] },
      { resultTypes: ["violations"], ...options },
    );
    return results.violations
      .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
      .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join("\n  ")}`);
  }, rules);
  expect(found).toEqual([]);
}

/** Waits until nothing moves: what was closed is gone, and what the page has just learnt is painted. */
async function still(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const QUIET = 250;
    let changed = performance.now();
    const observer = new MutationObserver(() => (changed = performance.now()));
    observer.observe(document, { attributes: true, childList: true, characterData: true, subtree: true });
    const moving = () =>
      document.getAnimations().some((animation) => {
        const endless = animation.effect?.getComputedTiming().iterations === Infinity;
        return animation.playState === "running" && !endless;
      });
    while (moving() || performance.now() - changed < QUIET) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    observer.disconnect();
  });
}

/** While a dialog is open Fluent hides the page from screen readers, and for a moment after it was closed. */
async function shown(page: Page): Promise<void> {
  await still(page);
  if ((await page.getByRole("dialog").or(page.getByRole("alertdialog")).count()) === 0) {
    await expect(page.locator("#root")).not.toHaveAttribute("aria-hidden");
  }
}

/** Has the page in these colours, and painted in them: it learns of the change a little later than the browser. */
async function inColours(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await expect(page.locator("html")).toHaveCSS("color-scheme", colorScheme);
  await still(page);
}

/** Looks at a page in light, dark and in a narrow window: keeps screenshots, and asks for accessibility each time. */
export async function look(page: Page, name: string): Promise<void> {
  const shoot = (kind: string) => page.screenshot({ path: path.join(FOLDER, `${name}-${kind}.png`) });
  await shown(page);
  await accessible(page);
  await shoot("light");
  await inColours(page, "dark");
  // Nothing but colours is different.
  await accessible(page, ["color-contrast"]);
  await shoot("dark");
  await inColours(page, "light");
  await page.setViewportSize(NARROW);
  await accessible(page);
  await shoot("narrow");
  await fits(page);
  await page.setViewportSize(WIDE);
}

/** Looks whether a page has its place in windows of all sizes, and keeps screenshots. */
export async function lookInAllWindows(page: Page, name: string): Promise<void> {
  for (const size of WINDOWS) {
    await page.setViewportSize(size);
    await still(page);
    await fits(page);
    await page.screenshot({ path: path.join(FOLDER, `${name}-${size.width}.png`) });
  }
  await page.setViewportSize(WIDE);
}

/** Fails when something is beyond the sides of the window, or a button does not show all that is on it. Tables may be wider: they scroll by themselves. */
async function fits(page: Page): Promise<void> {
  const found = await page.evaluate(() => {
    const told: string[] = [];
    for (const frame of [document.documentElement, ...document.querySelectorAll("main, [role=dialog]")]) {
      if (frame.scrollWidth > frame.clientWidth + 1) told.push(`${frame.tagName} scrolls sideways`);
    }
    for (const button of document.querySelectorAll("button, [role=tab], [role=combobox]")) {
      const { left, right, width } = button.getBoundingClientRect();
      const inTable = button.closest("[role=region][tabindex]") !== null;
      if (width === 0 || inTable || getComputedStyle(button).visibility === "hidden") continue;
      const name = button.getAttribute("aria-label") ?? button.textContent;
      if (left < -1 || right > window.innerWidth + 1) told.push(`"${name}" is beyond the window`);
      if (button.scrollWidth > button.clientWidth + 2) told.push(`"${name}" is cut off`);
    }
    return told;
  });
  expect(found, `in a window of ${page.viewportSize()?.width} pixels`).toEqual([]);
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
