import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { globalIgnores } from "eslint/config";
import ts from "typescript-eslint";

export default ts.config(
  globalIgnores(["dist", "node_modules", "src/api/schema.gen.ts"]),
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: process.cwd() },
    },
  },
  {
    files: ["src/**/*.tsx"],
    plugins: { "react-hooks": hooks },
    rules: { "react-hooks/rules-of-hooks": "error", "react-hooks/exhaustive-deps": "error" },
  },
  {
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "max-lines": ["error", 400],
    },
  },
  {
    // Node runs it as it is.
    files: ["browser/*.mjs"],
    languageOptions: { globals: { process: "readonly", URLSearchParams: "readonly" } },
    extends: [ts.configs.disableTypeChecked],
  },
  {
    files: ["eslint.config.js"],
    languageOptions: { globals: { process: "readonly" } },
    extends: [ts.configs.disableTypeChecked],
  },
);
