// Every page, light and dark, wide and narrow: axe finds nothing, nothing goes wrong, nothing is
// wider than the screen, what is hostile is text; and a screenshot of each.

import assert from "node:assert/strict";
import fs from "node:fs";
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
  "task-cancelled": `/tasks/${tasks.cancelled}`,
  "task-missing": "/tasks/00000000-0000-7000-8000-000000000000",
  start: "/start",
  "start-form": "/start?definition=greet",
  "start-like": `/start?like=${tasks.plain}`,
  schedule: "/schedules?name=nightly",
  queues: "/queues",
  workers: "/workers",
  schedules: "/schedules",
  scans: "/scans",
  "scan-kept": "/scans/drop",
  definitions: "/definitions",
  definition: "/definitions/greet",
  pipeline: "/pipelines/archive",
  webhooks: "/webhooks",
  secrets: "/secrets",
  access: "/access",
  audit: "/audit",
  you: "/you",
  "no-such-page": "/nothing/here",
};

/** A panel of the page by its heading. */
const panelOf = (page, title) =>
  page.locator("section.panel", { has: page.getByRole("heading", { name: title, exact: true }) });

/** What somebody looks for there is there: why it stands, where, and what comes next. */
async function pagesTell(page, go) {
  await go("/overview");
  await page.getByText("Queue held is paused: 1 task that could start waits there").waitFor();
  const stuck = panelOf(page, "Waiting longest, and why").locator("li");
  await stuck.filter({ hasText: /its queue .*paused/ }).waitFor();
  const waits = stuck.filter({ hasText: /it waits for .*, which is ready/ });
  await waits.locator(`a[href$="${tasks.held}"]`).waitFor();
  await panelOf(page, "Failed lately").getByText("exit status 3").waitFor();
  await panelOf(page, "Workers").getByText("2 workers, 1 of 8 slots in use").waitFor();
  await panelOf(page, "Next schedules").getByText("nightly").waitFor();
  await panelOf(page, "Disk").getByText(/free/).waitFor();
  await go("/workers");
  const holds = page.getByRole("row").filter({ hasText: "1 of 4" });
  assert.equal(await holds.getByRole("link").getAttribute("title"), tasks.crawl);
  await go("/queues");
  const limit = page.getByRole("row", { name: /^crawl/ }).locator('td[data-label="At a time"]');
  assert.equal((await limit.innerText()).trim(), "2");
  await go(`/tasks/${tasks.crawl}`);
  await page.locator(".life .here", { hasText: "leased" }).waitFor();
  await page.locator(".life .been", { hasText: "ready" }).waitFor();
  const why = panelOf(page, "Why it is where it is");
  await why.getByText(/^it runs on/).first().waitFor();
  assert.ok((await why.locator("time").count()) >= 1, "times of why are in the reader's zone");
  assert.doesNotMatch(await why.innerText(), /\dT\d\d:.*Z/);
  await panelOf(page, "Attempts").getByText(/^1/).first().waitFor();
  await go(`/tasks/${tasks.cancelled}`);
  await panelOf(page, "Why it was cancelled").getByText(/^by .+: <script>/).waitFor();
  await panelOf(page, "Attempts").getByText("No worker claimed it.").waitFor();
}

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
  const dialog = page.getByRole("dialog");
  for (const [text, name] of [["drop", "scan drop"], ["ci", "webhook ci"]]) {
    await dialog.getByRole("combobox").fill(text);
    await dialog.getByRole("option", { name, exact: true }).waitFor();
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
}

/** The dry run's report, and the lines of a scan that goes on with names that mislead. */
async function checkScans(page, go) {
  await go("/scans");
  const open = (name, text) =>
    page
      .locator("input[type=file]")
      .setInputFiles({ name, mimeType: "application/json", buffer: Buffer.from(text) });
  await open("notes.txt", '{"scans": [{}]}');
  await page.getByRole("alert").getByText("notes.txt is no report of a scan").waitFor();
  const plan = fs.readFileSync(given.plan, "utf8");
  await open("plan.json", plan);
  await page.locator(".legend").getByText("32 scheduled").waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
  await page.getByLabel("Windows of").selectOption("60");
  const cell = page.getByRole("button", { name: /^kittens-seen 2020-10-31 08:00: .*incomplete/ });
  await cell.click();
  await page.getByText("missing validity_0.sig").first().waitFor();
  await page.getByText("intake kittens-seen 2020/10/31/08/45 49af77a8").waitFor();
  await check(page, "scan");
  const [report] = JSON.parse(plan).scans;
  report.skipped = [{ what: `${given.hostile} 2020/10/31/08/45/x`, reason: "incomplete" }];
  report.tasks = report.tasks.slice(0, 1);
  report.tasks[0].outcome = "inserted";
  const lines = [{ event: "started" }, { event: "scanned", report }];
  await open("scan.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"));
  await page.locator(".legend").getByText("1 scheduled").waitFor();
  await page.locator(".heat-map th", { hasText: "<script>" }).waitFor();
  await page.getByRole("button", { name: /: 1 scheduled$/ }).click();
  const link = page.getByRole("link", { name: "its task" });
  assert.ok((await link.getAttribute("href")).endsWith(report.tasks[0].id));
  await check(page, "scan-hostile");
}

/** Below what a page shows first: what is in a signed statement. */
async function checkProvenance(page, go) {
  await go(`/tasks/${tasks.file}`);
  await page.getByRole("button", { name: "What the statement says" }).click();
  const panel = page.locator("section.panel", { has: page.getByText("Provenance") });
  await panel.getByText("report.csv").first().waitFor();
  await panel.getByText(/signed with the key/).waitFor();
  await check(page, "task-provenance");
}

/** Little is left on the disk: said at the top, and why that matters. */
async function checkFullDisk(page, go) {
  const full = { free_bytes: 2 ** 30, size_bytes: 2 ** 37, state: "full" };
  const low = { free_bytes: 2 ** 33, size_bytes: 2 ** 37, state: "low" };
  await page.route("**/v1/disks", (route) =>
    route.fulfill({ json: { data: full, artifacts: low, ledger: { bytes: 5, place: "data" } } }),
  );
  await go("/overview");
  const told = page.getByRole("alert");
  await told.getByText("The disk of the data directory is all but full").waitFor();
  await told.getByText("The disk of artifacts is filling up").waitFor();
  await check(page, "overview-full");
  await page.unroute("**/v1/disks");
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
  await pagesTell(page, go);
  await checkDialogs(page, go);
  await checkScans(page, go);
  await checkProvenance(page, go);
  await checkFullDisk(page, go);
  await checkHostile(page, go);
  assert.deepEqual(wrongs, []);
  watch.check();
});
