/// <reference types="vitest/config" />
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Version of the product, which is that of the Rust workspace. */
const version = /^version = "(.*)"$/m.exec(readFileSync("../Cargo.toml", "utf8"))?.[1] ?? "";

/** Puts a packed form beside each asset, so that the console packs nothing while it serves. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          const source = file.type === "chunk" ? file.code : file.source;
          if (!/\.(js|css|svg)$/.test(file.fileName)) continue;
          const params = { [constants.BROTLI_PARAM_QUALITY]: 10 };
          this.emitFile({
            type: "asset",
            fileName: `${file.fileName}.br`,
            source: brotliCompressSync(source, { params }),
          });
        }
      },
    },
  };
}

export default defineConfig({
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [react(), packed()],
  // The console puts a new nonce here with each page; see crates/console/src/pages.rs.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    // Beside what keeps the folder there, which the console embeds whether the pages were built or not.
    outDir: "dist/pages",
    target: "es2022",
    // Assets are files, so that the policy needs no data: addresses for scripts and styles.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
  },
  server: {
    // The codes' explanations are in the documents.
    fs: { allow: [".."] },
    // `npm run dev` beside a console on this machine, whose certificate is its own authority's.
    proxy: {
      "/api": { target: process.env.METAPROFILES_CONSOLE ?? "https://localhost:8443", secure: false },
    },
  },
  test: { include: ["src/**/*.test.ts"] },
});
