// What people do: find, filter, start, cancel, retry, change, pause; and that it shows at once.

import assert from "node:assert/strict";
import { given, open, run, settled } from "./browser.mjs";

const { tasks } = given;

async function state(page, wanted) {
  await page.locator(`.page-head .state-${wanted}`).waitFor();
}

async function filtersAreInTheAddress({ page, go }) {
  await go("/tasks");
  await settled(page);
  await page.getByRole("button", { name: /^failed/ }).click();
  await page.locator(`[data-task="${tasks.fails}"]`).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[data-task]").length === 1);
  assert.match(page.url(), /state=failed/);
  await page.reload();
  await page.locator(`[data-task="${tasks.fails}"]`).waitFor();
  await page.goBack();
  await page.locator(`[data-task="${tasks.greet}"]`).waitFor();
  await page.getByLabel("Text").fill("leaves-a-file");
  await page.getByLabel("Text").press("Enter");
  await page.waitForFunction(() => document.querySelectorAll("[data-task]").length === 1);
  assert.match(page.url(), /text=leaves-a-file/);
  await go("/tasks");
  await page.getByText("More filters").click();
  const label = page.getByLabel("Label", { exact: true });
  await label.fill('team=ops note="two words"');
  await label.press("Enter");
  await page.waitForURL(/label=team%3Dops&label=note%3Dtwo(\+|%20)words/);
  await page.locator(`[data-task="${tasks.plain}"]`).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[data-task]").length === 1);
  assert.equal(await label.inputValue(), 'team=ops note="two words"');
}

async function viewsAreKept({ page, go }) {
  await go("/tasks?state=failed");
  await settled(page);
  await page.getByRole("button", { name: "Save this view" }).click();
  await page.getByLabel("Name of the view").fill("dead letters");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await go("/tasks");
  await page.getByRole("button", { name: "dead letters", exact: true }).click();
  await page.waitForURL(/state=failed/);
}

async function aTaskIsStarted({ page, go }) {
  await go("/start?definition=greet");
  await settled(page);
  const start = page.getByRole("button", { name: "Start greet" });
  await start.click();
  assert.match(page.url(), /start/, "who is required");
  await page.getByLabel("who (required)").fill("<b>you</b>");
  await page.getByLabel("times").fill("4");
  await page.getByLabel("tone").selectOption("dry");
  await page.getByLabel("also").fill("ann\nben");
  await start.click();
  await page.waitForURL(/tasks\/[0-9a-f-]{36}/);
  await state(page, "succeeded");
  const params = await page.locator(".json pre").first().innerText();
  assert.deepEqual(JSON.parse(params), {
    who: "<b>you</b>",
    times: 4,
    tone: "dry",
    also: ["ann", "ben"],
  });
  await page.getByText("hello from attempt 1").waitFor();
  await page.locator(".log-stderr").getByText("to stderr").waitFor();
}

async function theLogIsFollowedSearchedAndSaved({ page, go }) {
  await go(`/tasks/${tasks.crawl}`);
  await page.getByText("page 3", { exact: true }).waitFor();
  await page.getByText("30 of 120 (25%)").waitFor();
  const before = await page.locator(".log-line").count();
  await page.waitForFunction((n) => document.querySelectorAll(".log-line").length > n, before);
  await page.getByLabel("Search in the log").fill("page 2");
  await page.locator("mark").first().waitFor();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  assert.match((await coming).suggestedFilename(), /^crawl-.*\.log$/);
}

async function aTaskIsCancelled({ page, go }) {
  await go(`/tasks/${tasks.crawl}`);
  await state(page, "leased");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByLabel("Reason (for the history)").fill("enough");
  await page.getByRole("button", { name: "Cancel the task" }).click();
  await state(page, "cancelled");
  await page.getByRole("heading", { name: "Proof of how it ended" }).waitFor();
  const before = await page.locator(".log-line").count();
  await page.getByRole("button", { name: "Retry" }).click();
  await state(page, "leased");
  await page.waitForFunction((n) => document.querySelectorAll(".log-line").length > n + 2, before);
}

async function priorityIsChanged({ page, go }) {
  await go(`/tasks/${tasks.later}`);
  await state(page, "scheduled");
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByLabel(/^Priority/).fill("7");
  await page.getByRole("dialog").getByRole("button", { name: "Change" }).click();
  await page.locator(".facts div", { hasText: "Priority" }).getByText("7").waitFor();
}

async function aTaskIsRetriedWithChanges({ page, go }) {
  await go(`/tasks/${tasks.fails}`);
  await page.getByRole("link", { name: "Retry with changes…" }).click();
  await page.getByLabel("Params as JSON").fill('{"why": "another host"}');
  await page.getByText("Time, queue, labels").click();
  await page.getByLabel("Not before, from now").fill("5h");
  await page.getByRole("button", { name: "Start fails" }).click();
  await state(page, "scheduled");
  await page.locator(".json pre", { hasText: "another host" }).waitFor();
}

/** What was made of a kind, without a definition, has its spec, retries and options again. */
async function oneLikeItIsStarted({ page, go }) {
  await go(`/tasks/${tasks.plain}`);
  await page.getByRole("link", { name: "Start one like it…" }).click();
  await page.getByText("with its own time limit and retries").waitFor();
  await page.getByLabel("Spec as JSON").fill("[]");
  await page.getByRole("button", { name: "Start command" }).click();
  assert.match(page.url(), /start/, "a spec is an object");
  await page.getByLabel("Spec as JSON").fill('{"command": ["true"]}');
  await page.getByRole("button", { name: "Start command" }).click();
  await page.waitForURL(/tasks\/[0-9a-f-]{36}/);
  await state(page, "succeeded");
  const facts = page.locator(".facts");
  await facts.locator("div", { hasText: "Priority" }).getByText("7").waitFor();
  await facts.getByText("0 of 2; worker deaths").waitFor();
  await facts.getByText("team=ops").waitFor();
  await facts.getByText("note=two words").waitFor();
}

/** However long the browser takes, there is time to take it back. */
async function undoFor(page, go, seconds) {
  await go("/you");
  await settled(page);
  await page.getByLabel(/^How long messages stay/).selectOption(String(seconds));
}

/** Without a state that suits, the server would cancel all that live. */
async function whatHasEndedIsNotCancelled({ page, go }) {
  await go("/tasks?queue=held&state=failed");
  await page.getByText("No task fits these filters").waitFor();
  assert.ok(await page.getByRole("button", { name: "Cancel all…" }).isDisabled());
  assert.ok(await page.getByRole("button", { name: "Retry all…" }).isEnabled());
}

async function manyAreCancelledAndTakenBack({ page, go }) {
  await undoFor(page, go, 120);
  await go("/tasks?queue=held&state=ready");
  await page.locator(`[data-task="${tasks.held}"]`).waitFor();
  await page.getByRole("button", { name: "Cancel all…" }).click();
  await page.getByRole("heading", { name: "Cancel 1 task?" }).waitFor();
  await page.getByRole("button", { name: "Cancel 1 task" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Taken back: nothing was changed").waitFor();
  await undoFor(page, go, 8);
  await go("/tasks?queue=held&state=ready");
  await page.getByLabel("Select all that are loaded").check();
  await page.getByRole("group", { name: "Selected tasks" }).getByText("Cancel").click();
  await page.getByRole("button", { name: "Cancel 1 task" }).click();
  await page.getByText("No task fits these filters").waitFor();
}

async function aQueueIsResumedAndPaused({ page, go }) {
  await go("/queues");
  await settled(page);
  const row = page.locator("tr", { hasText: "held" });
  await row.getByRole("button", { name: "Resume" }).click();
  await row.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Pause it" }).click();
  await row.getByText("paused").waitFor();
}

async function deadLettersAreReplayed({ page, go }) {
  await go("/queues");
  const row = page.locator("tr", { hasText: "default" });
  await row.getByRole("button", { name: "Replay failed…" }).click();
  await page.getByRole("heading", { name: "Retry 1 task?" }).waitFor();
  await page.getByRole("button", { name: "Retry 1 task" }).click();
  await page.getByText("Retried: 1 task").waitFor();
  await go(`/tasks/${tasks.fails}`);
  await page.locator("summary", { hasText: "Every change" }).click();
  await page.getByRole("cell", { name: "retried", exact: true }).waitFor();
  await state(page, "failed");
}

/** The server chooses by text and label too: what is listed is what is changed. */
async function manyAreChosenByTextAndLabel({ page, go }) {
  await go("/tasks?label=team%3Ddata&text=greet&state=scheduled");
  await page.locator(`[data-task="${tasks.later}"]`).waitFor();
  const listed = await page.locator("[data-task]").count();
  await page.getByRole("button", { name: "Cancel all…" }).click();
  await page.getByRole("heading", { name: `Cancel ${listed} tasks?` }).waitFor();
  const sample = page.getByRole("dialog").locator(".lines");
  await sample.locator(`a[title="${tasks.later}"]`).waitFor();
  await page.getByRole("button", { name: "Leave them" }).click();
}

/** Of what fires each minute the server tells two hours; the days after it show it too. */
async function frequentSchedulesAreOnEachDay({ page, go }) {
  await page.route("**/v1/schedules?*", async (route) => {
    const response = await route.fetch();
    const { schedules } = await response.json();
    const begin = Date.now() + 60_000;
    const next_fires = Array.from({ length: 100 }, (_, index) =>
      new Date(begin + index * 60_000).toISOString(),
    );
    const more = { ...schedules.find(({ name }) => name === "nightly"), next_fires };
    schedules.push({ ...more, name: "often", cron: "* * * * *", next: next_fires[0] });
    await route.fulfill({ response, json: { schedules } });
  });
  await go("/schedules");
  await settled(page);
  const often = page.locator(".calendar").getByRole("link", { name: "every minute often" });
  await often.first().waitFor();
  assert.ok((await often.count()) >= 21, `on ${await often.count()} days`);
  await page.getByText(/^The server tells the next 100 times of each. Of often/).waitFor();
  await page.unroute("**/v1/schedules?*");
}

async function aScheduleIsPausedResumedAndRun({ page, go }) {
  await go("/schedules");
  await settled(page);
  await page.locator(".calendar").getByRole("link", { name: /nightly$/ }).first().click();
  await page.waitForURL(/schedules\?name=nightly$/);
  assert.equal(await page.locator(".calendar .day").count(), 28);
  const fires = await page.locator(".calendar").getByRole("link", { name: /nightly$/ }).count();
  assert.ok(fires >= 21 && fires <= 28, `${fires} nights in four weeks`);
  const row = page.locator("tr", { hasText: "nightly" });
  await row.getByText("the last of those missed").waitFor();
  await row.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel(/^Reason/).fill("<b>the archive is being moved</b>");
  await page.getByRole("button", { name: "Pause it" }).click();
  await row.getByText("<b>the archive is being moved</b>").waitFor();
  await page.locator(".calendar").waitFor({ state: "detached" });
  await row.getByRole("button", { name: "Resume" }).click();
  await page.locator(".calendar").waitFor();
  await row.getByRole("button", { name: "Run now" }).click();
  await page.getByRole("button", { name: "Run it now" }).click();
  await page.waitForURL(/tasks\/[0-9a-f-]{36}/);
  await state(page, "succeeded");
}

async function secretsAndWebhooksArePut({ page, go }) {
  await go("/secrets");
  await page.getByRole("button", { name: "Add a secret" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Name/).fill("hook-key");
  await dialog.getByLabel(/^Value/).fill(`whsec_${"A".repeat(40)}`);
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await page.getByRole("cell", { name: "hook-key" }).waitFor();
  await go("/webhooks");
  await page.getByRole("button", { name: "Add a webhook" }).click();
  await dialog.getByLabel(/^Name:/).fill("second");
  await dialog.getByLabel("Address").fill("http://127.0.0.1:9/second");
  await dialog.getByLabel(/^Name of the secret/).fill("hook-key");
  await dialog.getByRole("button", { name: "Add it" }).click();
  const heading = page.getByRole("heading", { name: "second" });
  const panel = page.locator("section.panel", { has: heading });
  await panel.getByRole("button", { name: "Pause" }).click();
  await panel.getByText("paused", { exact: true }).waitFor();
  await panel.getByRole("button", { name: "Test" }).click();
  await page.getByText(/^It has not taken it/).waitFor();
}

/** Nobody is asked for a token before there is one; the tab that makes it goes on with it. */
async function theFirstTokenClosesAnOpenServer({ page, go }) {
  await go("/access");
  await page.getByText("This server asks nobody who they are").waitFor();
  await page.getByText("There is no token yet").waitFor();
  await page.getByRole("button", { name: "Make a token" }).click();
  const dialog = page.getByRole("dialog", { name: "Make a token" });
  await dialog.getByLabel(/^Name/).fill("root");
  assert.ok(await dialog.getByLabel("Role").isDisabled(), "it is an admin's");
  await dialog.getByRole("button", { name: "Make it" }).click();
  const shown = page.getByRole("dialog", { name: "Token root is made" });
  assert.match(await shown.getByLabel(/^The text/).inputValue(), /^wb_[0-9a-f]{8}_[0-9a-f]{64}$/);
  await page.keyboard.press("Escape");
  await shown.getByRole("button", { name: "I have kept it" }).click();
  await page.getByText("(this tab's)").waitFor();
  await page.getByText("This server asks nobody who they are").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(async () => (await fetch("/v1/tokens")).status), 401);
}

async function keysGoEverywhere({ page, go }) {
  await go("/overview");
  await settled(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill(tasks.fails);
  await page.getByRole("dialog").getByRole("option", { name: /task, failed/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(tasks.fails));
  await settled(page);
  await page.keyboard.press("g");
  await page.keyboard.press("q");
  await page.waitForURL(/queues$/);
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForURL(/tasks$/);
  await page.locator("[data-task]").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByText("1 task selected").waitFor();
  await page.keyboard.press("o");
  await page.waitForURL(/tasks\/[0-9a-f-]{36}/);
}

await run(async (browser) => {
  const opened = await open(browser, { acceptDownloads: true });
  for (const scene of [
    filtersAreInTheAddress,
    viewsAreKept,
    aTaskIsStarted,
    theLogIsFollowedSearchedAndSaved,
    aTaskIsCancelled,
    priorityIsChanged,
    aTaskIsRetriedWithChanges,
    oneLikeItIsStarted,
    whatHasEndedIsNotCancelled,
    manyAreCancelledAndTakenBack,
    aQueueIsResumedAndPaused,
    deadLettersAreReplayed,
    manyAreChosenByTextAndLabel,
    frequentSchedulesAreOnEachDay,
    aScheduleIsPausedResumedAndRun,
    secretsAndWebhooksArePut,
    keysGoEverywhere,
  ]) {
    console.log(scene.name);
    await scene(opened);
  }
  opened.watch.check();
  await opened.page.close();
  const last = await open(browser, { allowed: [/status of 401/] });
  await theFirstTokenClosesAnOpenServer(last);
  last.watch.check();
});
