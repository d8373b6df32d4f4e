// Pages that the server cut short: at 8 MiB, or after it had searched for long.

import assert from "node:assert/strict";
import { given, open, run, settled } from "./browser.mjs";

async function whatIsLargeGoesOnByItself({ page, go }) {
  await go("/runs");
  const first = await page.waitForResponse((answer) => /v1\/runs\?/.test(answer.url()));
  const { runs } = await first.json();
  assert.ok(runs.length < 20, `${runs.length} runs are of the first page`);
  await page.getByText(`${given.runs} runs, that is all.`).waitFor();
  assert.equal(await page.locator("tr[data-row]").count(), given.runs);
}

/** So many pages of one row are asked for by themselves; the server has searched long for each. */
async function aSearchThatFindsLittleIsGoneOnWithByHand({ page, go }) {
  const answer = await page.request.get(`${given.url}/v1/tasks/${given.task}`);
  const task = await answer.json();
  const asked = new Set();
  await page.route(/v1\/tasks\?/, (route) => {
    const cursor = new URL(route.request().url()).searchParams.get("cursor") ?? "";
    asked.add(cursor);
    const at = Number(cursor || "0");
    const id = task.id.slice(0, -4) + String(at).padStart(4, "0");
    const json = { tasks: [{ ...task, id }], damaged: [], next_cursor: String(at + 1) };
    return route.fulfill({ json });
  });
  await go("/tasks");
  await settled(page);
  await page.getByText("10 tasks so far.").waitFor();
  await page.getByRole("button", { name: "Load more" }).click();
  await page.getByText("11 tasks so far.").waitFor();
  assert.equal(asked.size, 11);
}

await run(async (browser) => {
  const opened = await open(browser);
  for (const scene of [whatIsLargeGoesOnByItself, aSearchThatFindsLittleIsGoneOnWithByHand]) {
    console.log(scene.name);
    await scene(opened);
  }
  opened.watch.check();
});
