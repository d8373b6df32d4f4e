// A browser that counts what must not happen: errors in the console, breaches of the
// Content-Security-Policy, requests to others, dialogs.

import assert from "node:assert/strict";
import path from "node:path";
import readline from "node:readline";
import { chromium } from "playwright-core";

export const given = JSON.parse(process.argv[2]);
/** Nothing but time tells; CI's machine may be busy. */
export const PATIENCE_MS = 30_000;

let opened = null; // what failed is shown
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Has the test do something outside the browser. */
export async function wish(word) {
  console.log(`wish ${word}`);
  await lines.next();
}

export class Watch {
  wrongs = [];

  constructor(allowed = []) {
    this.allowed = allowed;
  }
  note(text) {
    if (!this.allowed.some((pattern) => pattern.test(text))) this.wrongs.push(text);
  }
  check() {
    assert.deepEqual(this.wrongs, []);
  }
}

/** A page, and what went wrong in it so far. `allowed`: what is no wrong in this test. */
export async function open(browser, { allowed = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const watch = new Watch(allowed);
  await context.exposeFunction("noteBreach", (text) => watch.note(`policy: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      window.noteBreach(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) watch.note(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => watch.note(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    watch.note(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(given.url) && !request.url().startsWith("blob:")) {
      watch.note(`request: ${request.url()}`);
    }
  });
  opened = { page, watch };
  return { page, watch, go: (path) => page.goto(given.url + "/console" + path) };
}

/** All that the page asked for is there. */
export async function settled(page) {
  await page.locator("main h1").waitFor();
  await page.waitForFunction(() => !document.querySelector(".loading"));
  await page.evaluate(() => document.fonts.ready);
}

export async function run(work) {
  const begun = Date.now();
  const browser = await chromium.launch({
    executablePath: given.chromium,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  try {
    await work(browser);
    console.log(`done in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  } catch (error) {
    process.exitCode = 1;
    console.log(error.stack);
    console.log(opened?.watch.wrongs, opened?.page.url());
    await opened?.page.screenshot({ path: path.join(given.screens, "failed.png") });
  } finally {
    await browser.close();
    process.stdin.destroy();
  }
}
