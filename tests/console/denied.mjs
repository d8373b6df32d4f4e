// Who may only look sees no button that changes anything. And where a page shows one all the same,
// as to somebody whose role was taken away meanwhile, the server refuses, and the page says so.

import assert from "node:assert/strict";
import { given, open, run, settled } from "./browser.mjs";

const { tasks } = given;
const PAGES = [
  "/overview",
  "/tasks?state=failed",
  `/tasks/${tasks.crawl}`,
  `/tasks/${tasks.fails}`,
  `/tasks/${tasks.later}`,
  "/runs",
  `/runs/${given.run}`,
  "/start-run/archive",
  "/queues",
  "/schedules",
  "/scans/drop",
  "/definitions/greet",
  "/pipelines/archive",
  "/pins",
  "/workers",
  "/webhooks",
  "/secrets",
  "/access",
  "/audit",
];
const CHANGES = new RegExp(
  "^(cancel|retry|change|pause|resume|replay|run now|approve|reject|again from here|end|add|make" +
    "|revoke|remove|ask the node|test|use again)\\b",
  "i",
);
/** Where, what is pressed one after the other, and what else is filled in. */
const ACTIONS = [
  [`/tasks/${tasks.crawl}`, ["Cancel", "Cancel the task"]],
  [`/tasks/${tasks.fails}`, ["Retry"]],
  [`/tasks/${tasks.later}`, ["Change", "Change"], [/^Priority/, "5"]],
  ["/start?definition=fails", ["Start fails"]],
  ["/tasks?state=failed", ["Retry all…"]],
  ["/tasks?queue=held&state=ready", ["Cancel all…"]],
  ["/queues", ["Resume held"]],
  ["/queues", ["Pause crawl", "Pause it"]],
  ["/queues", ["Replay failed… of default"]],
  ["/schedules?name=nightly", ["Pause", "Pause it"], [/^Reason/, "why not"]],
  ["/schedules?name=nightly", ["Run now", "Run it now"]],
  ["/schedules?name=every-morning", ["Resume"]],
  ["/start-run/systems", ["Run systems"]],
  [`/runs/${given.run}`, ["Approve", "Approve it"]],
  [`/runs/${given.run}`, ["Reject", "Reject it"]],
  [`/runs/${given.run}`, ["Cancel", "Cancel the run"]],
  ["/pins", ["Ask the node"]],
];

async function enter({ page, go }) {
  await go("/overview");
  await page.getByLabel("Token").fill(given.viewer);
  await page.getByRole("button", { name: "Use this token" }).click();
  await settled(page);
}

async function whoLooksSeesNoButtonThatChanges({ page, go }) {
  for (const address of PAGES) {
    await go(address);
    await settled(page);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    const names = await page.locator("main").getByRole("button").allInnerTexts();
    assert.deepEqual(names.filter((name) => CHANGES.test(name.trim())), [], address);
  }
  await go(`/start?definition=greet`);
  await page.getByText("Your role may look, not start").waitFor();
}

async function whatIsRefusedIsTold({ page, go }) {
  await page.route("**/v1/me", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), role: "admin" } });
  });
  for (const [address, buttons, field] of ACTIONS) {
    console.log(address, buttons.join(", "));
    await go(address);
    await settled(page);
    const dialog = page.getByRole("dialog");
    for (const [at, name] of buttons.entries()) {
      if (at > 0 && field) await dialog.getByLabel(field[0]).fill(field[1]);
      const place = at > 0 ? dialog : page.locator("main");
      await place.getByRole("button", { name, exact: at > 0 }).first().click();
    }
    await page.locator(".toast, .trouble").getByText(/needs the right to/).first().waitFor();
  }
  for (const address of ["/webhooks", "/secrets", "/access", "/audit"]) {
    await go(address);
    await page.getByText(/needs the right to admin/).first().waitFor();
    await page.getByText("Ask an administrator for a role that may").first().waitFor();
  }
}

await run(async (browser) => {
  const opened = await open(browser, { allowed: [/status of 40[13]/] });
  await enter(opened);
  await whoLooksSeesNoButtonThatChanges(opened);
  await whatIsRefusedIsTold(opened);
  opened.watch.check();
});
