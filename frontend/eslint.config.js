import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import ts from "typescript-eslint";

/** Imports point one way: shared (ui, lib, api, realtime, locales) → features → app. A feature imports no other. */
const forbid = (...patterns) => ({
  "no-restricted-imports": [
    "error",
    {
      // By its file: as a folder it is a package that has to be built first.
      paths: [{ name: "@/realtime", message: "import @/realtime/index" }],
      patterns: patterns.map(([group, message]) => ({ group: [group], message })),
    },
  ],
});
const app = ["@/app/**", "the app composes; nothing below imports it"];
const features = ["@/features/**", "shared code knows no feature; features know no other feature"];
const up = ["../../**", "leave a folder by its @/ name"];

export default ts.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts", "src/realtime/generated", "src/realtime/dist"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [...ts.configs.strictTypeChecked, ...ts.configs.stylisticTypeChecked],
    plugins: { "react-hooks": hooks },
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      ...hooks.configs.recommended.rules,
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/dot-notation": "off",
      // An empty name or title is as good as none.
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true } }],
    },
  },
  { files: ["src/{ui,lib,api,realtime,locales}/**"], rules: forbid(app, features, up) },
  { files: ["src/features/**"], rules: forbid(app, features, up) },
  {
    files: ["src/realtime/**"],
    ignores: ["**/*.test.ts", "src/realtime/testing/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^(?!\\./[a-z0-9/]+\\.js$)",
              message: "a package of its own: it imports its own files, by ./name.js",
            },
          ],
        },
      ],
    },
  },
  { files: ["public/**"], languageOptions: { globals: globals.browser } },
  { files: ["scripts/**", "*.config.{js,ts}"], languageOptions: { globals: globals.node } },
);
