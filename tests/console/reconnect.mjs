// Changes come by themselves; the server goes away and comes back, and nothing is missed.

import assert from "node:assert/strict";
import { open, run, settled, wish } from "./browser.mjs";

const rows = (page, number) =>
  page.waitForFunction((n) => document.querySelectorAll("[data-task]").length === n, number);

/** What was written while nobody was connected is there, in order, and nothing is there twice. */
async function theLogGoesOn({ page }) {
  await wish("log");
  await page.locator(".tasks tbody tr", { hasText: "leased" }).getByRole("link").first().click();
  const lines = page.locator(".log-line > span:last-child");
  const says = (count) =>
    page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll(".log-line > span:last-child")]
          .map((line) => line.textContent)
          .join() === wanted,
      Array.from({ length: count }, (_, at) => `line ${at + 1}`).join(),
    );
  await says(1);
  await wish("log");
  await says(2);
  await wish("stop");
  await page.getByText("Connection lost; trying again").waitFor();
  await wish("start");
  await wish("log");
  await wish("log");
  await page.getByText("Live", { exact: true }).waitFor();
  await says(4);
  await wish("log");
  await says(5);
  await page.getByLabel("Search in the log").fill("line 4");
  await page.locator(".log mark").waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".log-line").length === 1);
  assert.equal(await lines.count(), 1);
}

await run(async (browser) => {
  const gone = [/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED/, /ERR_CONNECTION_RESET/,
    /ERR_EMPTY_RESPONSE/, /status of 503/];
  const { page, watch, go } = await open(browser, { allowed: gone });
  await go("/tasks");
  await settled(page);
  await page.getByText("There are no tasks yet").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await wish("make");
  await rows(page, 1);
  await wish("stop");
  await page.getByText("Connection lost; trying again").waitFor();
  await wish("start");
  await wish("make");
  await page.getByText("Live", { exact: true }).waitFor();
  await rows(page, 2);
  await wish("make");
  await rows(page, 3);
  await theLogGoesOn({ page });
  watch.check();
});
