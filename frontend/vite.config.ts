import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env["RIVULET_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  base: "/",
  build: {
    target: "es2023",
    // light-dark() and oklch() stand as they are written; every browser has had them since 2024.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsDir: "assets",
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      input: {
        index: fileURLToPath(new URL("./index.html", import.meta.url)),
        // Where diagrams are drawn, apart from the page: sandboxed, with a policy of its own.
        diagram: fileURLToPath(new URL("./diagram.html", import.meta.url)),
      },
    },
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ["/api", "/_allauth", "/ws", "/health", "/accounts"].map((path) => [
        path,
        { target: backend, ws: path === "/ws", changeOrigin: false },
      ]),
    ),
  },
  test: {
    environment: "jsdom",
    setupFiles: ["./vitest.setup.ts"],
    css: false,
    maxWorkers: "100%", // by itself it leaves a core idle
    restoreMocks: true,
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
