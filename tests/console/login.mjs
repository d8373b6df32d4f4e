// A token lets in; a role hides what it may not, and says so where the address leads there.

import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { given, open, run, settled } from "./browser.mjs";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function enter(page, token) {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Use this token" }).click();
}

await run(async (browser) => {
  const { page, watch, go } = await open(browser, { allowed: [/status of 40[13]/] });
  await go(`/tasks/${given.task}`);
  await page.getByLabel("Token").waitFor();
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run());
  assert.deepEqual(found.violations.map(({ id, nodes }) => `${id} ${nodes[0].target}`), []);
  await page.screenshot({ path: path.join(given.screens, "login-light.png") });

  await enter(page, "wb_wrong");
  await page.getByRole("alert").waitFor();

  await enter(page, given.tokens.viewer);
  await page.locator(".page-head .state-ready").waitFor();
  assert.equal(await page.getByRole("button", { name: "Cancel" }).count(), 0);
  assert.equal(await page.getByRole("link", { name: "Audit" }).count(), 0);
  assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage })).then(
    (kept) => kept.includes(given.tokens.viewer)), false, "the token is in this tab alone");
  await go("/audit");
  await page.getByText("needs the right to admin").waitFor();
  await page.screenshot({ path: path.join(given.screens, "denied-light.png") });

  await go("/you");
  await settled(page);
  await page.getByRole("button", { name: "Log out" }).click();
  await enter(page, given.tokens.admin);
  await page.getByRole("link", { name: "Audit" }).click();
  await page.getByRole("cell", { name: "createTasks" }).first().waitFor();
  watch.check();
});
