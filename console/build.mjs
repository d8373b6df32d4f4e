// Builds the console and packs it into C++: node build.mjs FOLDER FILE.cc
// FOLDER gets the files as a browser sees them; FILE.cc has them plain, by gzip and by brotli.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";

const here = path.dirname(fileURLToPath(import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

function fail(text) {
  console.error(`console: ${text}`);
  process.exit(1);
}

function read(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
}

const held = path.join(here, ".bringing");
const HELD_MS_MAX = 15 * 60_000;
const me = `${process.pid} ${os.hostname()}`;

/** False: it is there already. */
function makeFolder(name) {
  try {
    fs.mkdirSync(name);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** Whether who holds it was killed: a process of this machine that is no more. */
function isLeft() {
  const [pid, host] = read(path.join(held, "owner")).split(" ");
  if (host !== os.hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** One at a time: two that found it left would take what the first of them holds by now. */
function removeLeft() {
  const removing = `${held}-left`;
  if (!makeFolder(removing)) return;
  if (isLeft()) fs.rmSync(held, { recursive: true, force: true });
  fs.rmdirSync(removing);
}

/** Build folders share the packages: `npm ci` of one would take them from under another's. */
async function alone(work) {
  const until = Date.now() + HELD_MS_MAX;
  while (!makeFolder(held)) {
    if (isLeft()) removeLeft();
    if (Date.now() > until) fail(`another build brings packages; if none does, remove ${held}`);
    await pause(200);
  }
  // npm gets the signal too: it ends, and what is held is let go.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
  const letGo = () => fs.rmSync(held, { recursive: true, force: true });
  process.on("exit", letGo);
  fs.writeFileSync(path.join(held, "owner"), me);
  work();
  letGo();
  process.off("exit", letGo);
}

const lock = read(path.join(here, "package-lock.json"));
const brought = path.join(here, "node_modules", ".brought-lock.json");

/** Brings the packages of the lock file, unless they are those that are there. */
function bringPackages() {
  if (read(brought) === lock) return;
  const npm = spawnSync(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=2"],
    { cwd: here, encoding: "utf8" },
  );
  if (npm.error) fail("npm is not installed: apt-get install npm, or -DWAYBILL_CONSOLE=OFF");
  if (npm.status !== 0) {
    fail(
      `${npm.stdout}${npm.stderr}\n` +
        "console: npm cannot bring what console/package-lock.json names. Run `npm ci` in\n" +
        "console: console/ where a registry can be reached, or build without the console:\n" +
        "console: cmake -DWAYBILL_CONSOLE=OFF",
    );
  }
  fs.writeFileSync(brought, lock);
}

function filesBelow(folder, under = "") {
  return fs.readdirSync(path.join(folder, under), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(under, entry.name);
    return entry.isDirectory() ? filesBelow(folder, name) : [name];
  });
}

/** As string literals of C++: octal escapes end by themselves. */
function literal(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 64) {
    const part = [...bytes.subarray(at, at + 64)];
    lines.push(`"${part.map((byte) => "\\" + byte.toString(8).padStart(3, "0")).join("")}"`);
  }
  return `std::string_view(${lines.join("\n") || '""'}, ${bytes.length})`;
}

function smaller(packed, plain) {
  return packed.length < plain.length ? packed : Buffer.alloc(0);
}

function pack(folder, name) {
  const plain = fs.readFileSync(path.join(folder, name));
  const type = types[path.extname(name)];
  if (!type) fail(`${name}: no Content-Type is known for it`);
  const quality = { [zlib.constants.BROTLI_PARAM_QUALITY]: 11 };
  return {
    name,
    type,
    plain,
    hashed: name.startsWith("assets/"),
    etag: createHash("sha256").update(plain).digest("hex").slice(0, 20),
    gzip: smaller(zlib.gzipSync(plain, { level: 9 }), plain),
    brotli: smaller(zlib.brotliCompressSync(plain, { params: quality }), plain),
  };
}

function cpp(files) {
  const entries = files.map(
    (file) => `    {.path = "${file.name}",
     .type = "${file.type}",
     .etag = "${file.etag}",
     .is_hashed = ${file.hashed},
     .plain = ${literal(file.plain)},
     .gzip = ${literal(file.gzip)},
     .brotli = ${literal(file.brotli)}},
`,
  );
  return `// Made by console/build.mjs.
#include "http/console.h"

namespace waybill::http {
namespace {
const ConsoleFile kFiles[] = {
${entries.join("")}};
}  // namespace

std::span<const ConsoleFile> console_files() { return kFiles; }

}  // namespace waybill::http
`;
}

const [folder, source] = process.argv.slice(2).map((word) => path.resolve(word));
if (!folder || !source) fail("usage: node build.mjs FOLDER FILE.cc");
if (read(brought) !== lock) await alone(bringPackages);
process.chdir(here);
const { build } = await import("vite");
await build({ root: here, logLevel: "warn", build: { outDir: folder, emptyOutDir: true } });
const files = filesBelow(folder).map((name) => pack(folder, name));
fs.writeFileSync(source, cpp(files));
const scripts = files.filter((file) => file.name.endsWith(".js"));
const sum = (of) => scripts.reduce((total, file) => total + of(file).length, 0);
console.log(
  `console: JavaScript ${sum((file) => file.plain)} bytes, ` +
    `${sum((file) => file.gzip)} by gzip, ${sum((file) => file.brotli)} by brotli`,
);
