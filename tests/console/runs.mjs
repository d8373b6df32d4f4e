// A pipeline is run from its form, answered, and done again from one of its steps.

import assert from "node:assert/strict";
import { open, run, settled } from "./browser.mjs";
import { check, wrongs } from "./checks.mjs";

async function state(page, wanted) {
  await page.locator(".page-head .state", { hasText: wanted }).waitFor();
}

/** Steps of the graph open their instances and logs, as they are written. */
async function stepsAreLookedAt(page) {
  await page.getByRole("link", { name: "fetch: succeeded" }).click();
  await page.waitForURL(/step=fetch$/);
  await page.locator(".instances li", { hasText: "ben" }).getByRole("link").click();
  await page.waitForURL(/step=fetch%5B1%5D$/);
  await page.getByText("hello from attempt 1").waitFor();
  await check(page, "run-step");
  await page.locator(".chosen-step").getByRole("link", { name: /^[0-9a-f]{8}…/ }).click();
  await page.waitForURL(/tasks/);
  await page.getByRole("link", { name: "Its run" }).click();
  await page.getByRole("link", { name: "fetch: succeeded" }).waitFor();
}

/** Against the run before: other params, the same steps. */
async function runsAreCompared(page) {
  await page.getByRole("link", { name: "With other params…" }).click();
  await page.getByLabel("day (required)").fill("<i>2026-11-28</i>");
  await page.getByRole("button", { name: "Run archive" }).click();
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByRole("button", { name: "Approve it" }).click();
  await state(page, "succeeded");
  await page.getByRole("link", { name: "Compare…" }).click();
  await page.getByText("With which run?").waitFor();
  await check(page, "run-compare-which");
  await page.locator("tr", { hasText: "succeeded" }).getByRole("link").click();
  await page.waitForURL(/compare\?with=/);
  await page.locator(".differs").getByText("<i>2026-11-28</i>").waitFor();
  const tidy = page.locator("tr", { hasText: "tidy" });
  assert.equal(await tidy.getByRole("link").count(), 2);
  await check(page, "run-compare");
  await page.getByRole("button", { name: "Swap" }).click();
  await page.getByRole("link", { name: "Another run…" }).click();
  await page.getByText("With which run?").waitFor();
}

/** By its name among the newest, and by its id however old it is. */
async function runsAreFound(page, go, id) {
  const dialog = page.getByRole("dialog");
  await go("/overview");
  await settled(page);
  await page.keyboard.press("Control+k");
  await dialog.getByRole("combobox").fill("pipeline archive");
  await dialog.getByRole("option", { name: "pipeline archive" }).waitFor();
  await dialog.getByRole("combobox").fill(id);
  await dialog.getByRole("option", { name: "run, succeeded archive" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`runs/${id}$`));
}

async function aMatrixIsAGrid(page, go) {
  await go("/start-run/systems");
  await page.getByRole("button", { name: "Run systems" }).click();
  await page.getByRole("link", { name: "build: succeeded" }).click();
  const grid = page.getByRole("region", { name: "Grid of the instances" });
  assert.equal(await grid.getByRole("link").count(), 3);
  const row = grid.locator("tbody tr", { hasText: "debian" });
  assert.equal((await row.locator("td").nth(1).innerText()).trim(), "–", "what was excluded");
  await check(page, "run-grid");
  await grid.getByRole("link", { name: "<b>alpine</b>, arm64" }).click();
  await page.waitForURL(/step=build%5B2%5D$/);
  await page.getByRole("link", { name: "crawl: running" }).click();
  await page.getByText("page 2", { exact: true }).waitFor();
  const before = await page.locator(".log-line").count();
  await page.waitForFunction((n) => document.querySelectorAll(".log-line").length > n, before);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await state(page, "cancelled");
}

/** No worker has its task yet: it does not run, and its time has not begun. */
async function aStepWaitsForAWorker(page, go) {
  const ask = (what) =>
    page.evaluate(async (word) => {
      const headers = { "Content-Type": "application/json" };
      const wanted = { method: "POST", headers, body: "{}" };
      return (await fetch(`/v1/queues/reports/${word}`, wanted)).ok;
    }, what);
  assert.ok(await ask("pause"));
  await go("/start-run/archive");
  await page.getByLabel("day (required)").fill("2026-11-29");
  await page.getByRole("button", { name: "Run archive" }).click();
  await page.getByRole("link", { name: "list: queued" }).waitFor();
  const row = page.locator("tr", { hasText: "list" });
  await row.locator(".state", { hasText: "queued" }).waitFor();
  assert.equal((await row.locator('td[data-label="Took"]').innerText()).trim(), "");
  assert.ok(await ask("resume"));
  await page.getByRole("link", { name: "list: succeeded" }).waitFor();
  assert.match(await row.locator('td[data-label="Took"]').innerText(), /\d/);
}

await run(async (browser) => {
  const { page, watch, go } = await open(browser);
  await go("/runs");
  await settled(page);
  await page.getByText("No run is here").waitFor();
  await page.getByRole("link", { name: /^archive/ }).click();
  await page.getByLabel("day (required)").waitFor();
  await check(page, "start-run");
  await page.getByLabel("day (required)").fill("2026-11-27");
  await page.getByRole("button", { name: "Run archive" }).click();
  await page.waitForURL(/runs\/[0-9a-f-]{36}/);
  await page.getByRole("button", { name: "Approve" }).waitFor();
  await page.getByRole("link", { name: "list: succeeded" }).waitFor();
  await check(page, "run");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByRole("button", { name: "Approve it" }).click();
  await state(page, "succeeded");
  const first = page.url();
  await page.getByRole("button", { name: "What the statement says" }).click();
  await page.getByText(/signed with the key/).waitFor();
  await check(page, "run-provenance");
  await stepsAreLookedAt(page);
  await page
    .locator("tr", { hasText: "approve" })
    .getByRole("button", { name: "Again from here" })
    .click();
  await page.waitForURL((url) => url.href !== first);
  await page.getByRole("cell", { name: "reused" }).first().waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await state(page, "cancelled");
  await go("/runs");
  await settled(page);
  await page.getByRole("cell", { name: "cancelled", exact: true }).waitFor();
  await check(page, "runs");
  await runsAreFound(page, go, first.slice(first.lastIndexOf("/") + 1));
  await runsAreCompared(page);
  await aMatrixIsAGrid(page, go);
  await aStepWaitsForAWorker(page, go);
  assert.deepEqual(wrongs, []);
  watch.check();
});
