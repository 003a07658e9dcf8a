import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect, type Page } from "@playwright/test";
import axe from "axe-core";

const HERE = path.dirname(fileURLToPath(import.meta.url));
/** Where screenshots go; CI keeps them. */
const FOLDER = process.env.METAPROFILES_SCREENSHOTS ?? path.resolve(HERE, "../../target/screenshots");

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 480, height: 900 };

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
  const tooWide = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  expect(tooWide, "the page scrolls sideways in a narrow window").toBe(false);
  await page.setViewportSize(WIDE);
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
