// Every page, light and dark, wide and narrow: axe finds nothing, nothing goes wrong, nothing is
// wider than the screen, what is hostile is text; and a screenshot of each.

import assert from "node:assert/strict";
import { given, open, run, settled } from "./browser.mjs";
import { check, wrongs } from "./checks.mjs";

const { tasks } = given;
const pages = {
  overview: "/overview",
  tasks: "/tasks",
  "tasks-filtered": "/tasks?state=failed&state=succeeded&order=oldest_first&kind=command",
  "tasks-none": "/tasks?text=nothing-has-this-text",
  "task-leased": `/tasks/${tasks.crawl}`,
  "task-failed": `/tasks/${tasks.fails}`,
  "task-succeeded": `/tasks/${tasks.file}`,
  "task-blocked": `/tasks/${tasks.blocked}`,
  "task-hostile": `/tasks/${tasks.hostile}`,
  "task-missing": "/tasks/00000000-0000-7000-8000-000000000000",
  start: "/start",
  "start-form": "/start?definition=greet",
  "start-like": `/start?like=${tasks.plain}`,
  schedule: "/schedules?name=nightly",
  queues: "/queues",
  workers: "/workers",
  schedules: "/schedules",
  definitions: "/definitions",
  definition: "/definitions/greet",
  webhooks: "/webhooks",
  secrets: "/secrets",
  audit: "/audit",
  you: "/you",
  "no-such-page": "/nothing/here",
};

async function checkDialogs(page, go) {
  await go("/tasks");
  await settled(page);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await check(page, "help");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("greet");
  await page.getByRole("dialog").getByRole("option").first().waitFor();
  await check(page, "finder");
  await page.keyboard.press("Escape");
}

async function checkHostile(page, go) {
  await go(`/tasks/${tasks.hostile}`);
  await settled(page);
  const text = await page.locator("main").innerText();
  assert.ok(text.includes("<script>document.title="), "the script is shown as text");
  assert.ok(text.includes("\\u202e"), "what turns the direction of text is spelled out");
  assert.ok(!text.includes("\u202e"));
  assert.equal(await page.locator("main script, main img").count(), 0);
  assert.match(await page.title(), /^greet · Waybill$/);
}

await run(async (browser) => {
  const { page, watch, go } = await open(browser, { allowed: [/status of 404/] });
  for (const [name, address] of Object.entries(pages)) {
    await go(address);
    await settled(page);
    await check(page, name);
  }
  await checkDialogs(page, go);
  await checkHostile(page, go);
  assert.deepEqual(wrongs, []);
  watch.check();
});
