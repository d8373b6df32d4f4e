import fs from "node:fs";
import { defineConfig } from "vite";

// For work on the console: `npm run dev` beside a `waybill serve` on WAYBILL_API.
const server = process.env.WAYBILL_API ?? "http://127.0.0.1:8470";
// The server and its console are one binary: what its API has is known when they are built.
const api = JSON.parse(fs.readFileSync(new URL("../schemas/openapi.json", import.meta.url)));

export default defineConfig({
  base: "/console/",
  define: { __RUNS__: String("/v1/runs" in api.paths) },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the Content-Security-Policy takes files of our own only
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // The Host stays that of the page: the server takes changes from its own pages alone.
  server: { proxy: { "/v1": { target: server }, "/login": { target: server } } },
});
