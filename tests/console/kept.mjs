// What scans found and what definitions said is there to be looked at, also after a restart: passes
// by source and window, what the next one would do, versions and what differs between them.

import assert from "node:assert/strict";
import { open, run, settled, wish } from "./browser.mjs";
import { check, wrongs } from "./checks.mjs";

async function passesAreLookedAt({ page, go }) {
  await go("/scans");
  await page.getByRole("cell", { name: "drop" }).getByRole("link").click();
  await page.waitForURL(/scans\/drop$/);
  // The first pass made two tasks; those after it met their markers.
  await page.getByRole("row", { name: /^1 / }).getByText("2 scheduled, 1 skipped").waitFor();
  await page.getByRole("row", { name: /^1 / }).getByRole("link").click();
  await page.waitForURL(/pass=1$/);
  await page.locator(".legend").getByText("2 scheduled").waitFor();
  await page.getByLabel("Windows of").selectOption("60");
  await page.getByRole("button", { name: /^other 2026-11-27 08:00: .*incomplete/ }).click();
  await page.getByText("missing sig").first().waitFor();
  await page.getByRole("button", { name: /^acme 2026-11-27 09:00: .*scheduled/ }).click();
  await check(page, "scan-pass");
  await page.getByRole("link", { name: "its task", exact: true }).click();
  await page.waitForURL(/tasks\/[0-9a-f-]{36}$/);
  await page.locator(".page-head .state").waitFor();
}

async function aDryRunIsMade({ page, go }) {
  await go("/scans/drop?pass=1");
  await page.getByRole("button", { name: "Dry run" }).click();
  await page.getByRole("heading", { name: "Plan of a dry run" }).waitFor();
  await page.getByText("Nothing was written").waitFor();
  // A cell of the plan opens its objects.
  await page.getByLabel("Windows of").selectOption("60");
  await page.getByRole("button", { name: /^other 2026-11-27 08:00: .*incomplete/ }).click();
  await page.getByText("missing sig").first().waitFor();
  await check(page, "scan-plan");
  await page.getByRole("button", { name: "Back to what passes found" }).click();
  await page.getByRole("heading", { name: "Plan of a dry run" }).waitFor({ state: "detached" });
}

async function versionsAreHeldAgainstOneAnother({ page, go }) {
  await go("/definitions/leaves-a-file");
  await settled(page);
  const versions = page.getByRole("region", { name: "Versions of leaves-a-file" });
  await versions.getByRole("row", { name: /^2 · the newest/ }).waitFor();
  assert.equal(await versions.getByRole("row").count(), 3);
  const differs = page.getByRole("region", { name: "What differs" });
  await differs.locator(".diff-new", { hasText: "<b>c</b>" }).waitFor();
  await differs.locator(".diff-old", { hasText: "echo a,b" }).waitFor();
  await differs.locator(".diff-new", { hasText: '"priority": 3' }).waitFor();
  await check(page, "definition-versions");
  await page.getByLabel("New").selectOption("1");
  await page.getByText("They say the same").waitFor();
  await page.getByLabel("New").selectOption("2");
  await differs.locator(".diff-new").first().waitFor();
  assert.match(page.url(), /new=2/);
  // The two of the scan and one of the first run were made of the first version.
  await versions.getByRole("link", { name: "tasks of version 1" }).click();
  await page.waitForFunction(() => document.querySelectorAll("[data-task]").length === 3);
  await page.goBack();
  await versions.getByRole("link", { name: "tasks of version 2" }).click();
  await page.waitForFunction(() => document.querySelectorAll("[data-task]").length === 1);
  await go("/definitions/greet");
  await page.getByRole("row", { name: /^1 · the newest/ }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "What differs" }).count(), 0);
}

/** Runs too: one was made of each version. */
async function runsAreOfAVersion({ page, go }) {
  await go("/runs");
  const runs = page.getByRole("table", { name: "Runs" });
  await runs.getByRole("row").nth(2).waitFor();
  const [newest, older] = await runs
    .locator("tr[data-row]")
    .evaluateAll((rows) => rows.map((row) => row.dataset.row));
  for (const [number, id] of [[1, older], [2, newest]]) {
    await go("/pipelines/archive");
    const versions = page.getByRole("region", { name: "Versions of archive" });
    await versions.getByRole("link", { name: `runs of version ${number}` }).click();
    await page.waitForURL(/runs\?pipeline=archive&created_after=/);
    await page.waitForFunction(() => document.querySelectorAll("tr[data-row]").length === 1);
    assert.equal(await page.locator("tr[data-row]").getAttribute("data-row"), id);
  }
  await check(page, "runs-of-version");
  await page.getByRole("button", { name: "Of any time" }).click();
  await page.waitForFunction(() => document.querySelectorAll("tr[data-row]").length === 2);
}

await run(async (browser) => {
  const gone = [/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED/, /ERR_CONNECTION_RESET/,
    /ERR_EMPTY_RESPONSE/, /status of 503/];
  const opened = await open(browser, { allowed: gone });
  await passesAreLookedAt(opened);
  await aDryRunIsMade(opened);
  await wish("run");
  await wish("change");
  await wish("run");
  await passesAreLookedAt(opened);
  await versionsAreHeldAgainstOneAnother(opened);
  await runsAreOfAVersion(opened);
  assert.deepEqual(wrongs, []);
  opened.watch.check();
});
