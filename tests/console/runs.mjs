// A pipeline is run from its form, answered, and done again from one of its steps.

import assert from "node:assert/strict";
import { open, run, settled } from "./browser.mjs";
import { check, wrongs } from "./checks.mjs";

async function state(page, wanted) {
  await page.locator(".page-head .state", { hasText: wanted }).waitFor();
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
  assert.deepEqual(wrongs, []);
  watch.check();
});
