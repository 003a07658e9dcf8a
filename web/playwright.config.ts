import { defineConfig } from "@playwright/test";

/** A real Chromium, the system's own; nothing is downloaded. */
const executablePath = process.env.METAPROFILES_CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: "browser",
  outputDir: "../target/browser",
  // Each worker has a farm of its own, whose programs want the processor as well.
  workers: 1,
  fullyParallel: false,
  // The tests tell one story on one farm: after a failure a worker begins a new farm, on which the rest of it would only wait.
  maxFailures: 1,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    // The console's certificate is its own authority's.
    ignoreHTTPSErrors: true,
    locale: "en-GB",
    timezoneId: "UTC",
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    contextOptions: { reducedMotion: "reduce" },
    permissions: ["clipboard-read", "clipboard-write"],
    trace: "retain-on-failure",
    // Root, as in containers, cannot have the sandbox.
    launchOptions: { executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] },
  },
});
