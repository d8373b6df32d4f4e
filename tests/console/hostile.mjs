// Errors that others wrote, and addresses that nobody can have meant: no page fails for them, and
// nothing in them is taken for the server's own words.

import assert from "node:assert/strict";
import { given, open, run, settled } from "./browser.mjs";

const { task, error } = given;

async function errorsOfOthersStayAsTheyAre({ page, go }) {
  await go(`/tasks/${task}`);
  const reason = page.locator(".why li").first();
  await reason.getByText("and is tried again").waitFor();
  const text = await reason.innerText();
  assert.ok(text.includes(`the last error: ${error}`), text);
  const times = await reason.locator("time[datetime]").evaluateAll((all) =>
    all.map((each) => each.closest("bdi.foreign") === null && each.dateTime),
  );
  assert.ok(times.length >= 1, "the server's own time is shown in the reader's zone");
  for (const time of times) assert.ok(!error.includes(time), `${time} is of the error`);
  assert.equal(await reason.locator("a").count(), 0, "nothing in it is a link");
}

async function sentence(page, text) {
  await page.route(`**/v1/tasks/${task}/why`, (route) =>
    route.fulfill({
      json: {
        id: task,
        state: "scheduled",
        conditions: [{ reason: "delayed", sentence: text, advice: "", earliest: null }],
      },
    }),
  );
}

/** What a page makes of any sentence: it is shown, and what is in it is converted as a whole only. */
async function timesAndTasksAreWholeWords({ page, go }) {
  const id = "0193b0c0-0000-7000-8000-000000000001";
  const cases = [
    // sentence, times, links
    [`it waits for ${id}, which failed`, 0, 1],
    ["it is to be run at 2026-01-01T00:00:00Z (in 4s), not before", 1, 0],
    ["it is to be run at 2026-01-01T00:00:00.125Z", 1, 0],
    ["it failed at 2026-01-01T00:00:00Z: at 2026-01-02T00:00:00Z", 1, 0],
    [`it was cancelled at 2026-01-01T00:00:00Z: for ${id}`, 1, 0],
    [`at 0000-00-00T00:00:00Z and 2026-99-99T99:99:99Z`, 0, 0],
    ["its queue dump-2026-01-01T00:00:00Z.zim is paused", 0, 0],
    [`its queue /x/${id}/y is paused`, 0, 0],
  ];
  for (const [text, times, links] of cases) {
    await sentence(page, text);
    await go(`/tasks/${task}`);
    const reason = page.locator(".why li").first();
    await reason.waitFor();
    assert.equal(await reason.locator("time").count(), times, text);
    assert.equal(await reason.locator("a").count(), links, text);
    if (!times && !links) assert.equal(await reason.innerText(), text);
    await page.unroute(`**/v1/tasks/${task}/why`);
  }
}

async function timesOfAddressesMayBeAnything({ page, go }) {
  for (const time of ["garbage", "0000-00-00T00:00:00Z", "2026-99-99T99:99:99Z"]) {
    await go(`/runs?created_after=${time}&created_before=${time}`);
    await page.locator("main").getByText(`Made from ${time} on, before ${time}.`).waitFor();
    await page.getByRole("button", { name: "Of any time" }).click();
    await page.waitForURL(/runs$/);
    await go(`/tasks?created_after=${time}&created_before=${time}`);
    await page.getByRole("heading", { name: "Tasks", exact: true }).waitFor();
    await go(`/audit?from=${time}&to=${time}`);
    await page.getByRole("heading", { name: "Audit", exact: false }).first().waitFor();
  }
}

await run(async (browser) => {
  const opened = await open(browser, { allowed: [/status of 400/] });
  for (const scene of [
    errorsOfOthersStayAsTheyAre,
    timesAndTasksAreWholeWords,
    timesOfAddressesMayBeAnything,
  ]) {
    console.log(scene.name);
    await scene(opened);
  }
  opened.watch.check();
});
