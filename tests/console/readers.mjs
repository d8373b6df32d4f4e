// Readers far away and without a mouse: times of their own zone with the UTC on hover, and all of a
// visit by keys.

import assert from "node:assert/strict";
import { given, open, run, settled } from "./browser.mjs";

const { tasks } = given;
const ZONE = "Asia/Kolkata"; // half an hour besides whole ones
const LOCALE = "en-GB";

async function timesAreOfTheReadersZone(browser) {
  const { page, watch, go } = await open(browser, { timezoneId: ZONE, locale: LOCALE });
  const pages = ["/overview", "/tasks", `/tasks/${tasks.greet}`, "/schedules", "/audit", "/scans"];
  for (const address of pages) {
    await go(address);
    await settled(page);
    await page.locator("main time").first().waitFor();
    const times = await page.$$eval("main time", (all) =>
      all.map((each) => [each.dateTime, each.title, each.textContent]),
    );
    for (const [at, title, text] of times) {
      const utc = new Date(at).toISOString().slice(0, 19).replace("T", " ");
      assert.ok(title.includes(`${utc} UTC`), `${address}: ${title} of ${at}`);
      const style = { timeZone: ZONE, hour: "2-digit", minute: "2-digit" };
      const local = new Intl.DateTimeFormat(LOCALE, style).format(new Date(at));
      const isRelative = /\b(ago|now)\b|^in /.test(text);
      const isTold = text.includes(local) || (isRelative && title.includes(local));
      assert.ok(isTold, `${address}: ${text}`);
    }
  }
  await go("/schedules?name=nightly");
  // 03:00 UTC.
  await page.locator(".calendar").getByText("08:30").first().waitFor();
  watch.check();
  await page.close();
}

/** Tab by Tab to what has this name. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    const text = await page.evaluate(() => {
      const { activeElement: on } = document;
      return on.getAttribute("aria-label") ?? on.labels?.[0]?.innerText ?? on.innerText;
    });
    if (name.test(text ?? "")) return;
  }
  assert.fail(`Tab does not come to ${name}`);
}

const isInside = (page, selector) =>
  page.evaluate((place) => document.activeElement?.closest(place) !== null, selector);

async function aVisitByKeys(browser) {
  const { page, watch, go } = await open(browser);
  await go("/overview");
  await settled(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.innerText), "To the page");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "main");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).getByText("back to the list").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.match(page.url(), /overview/, "Esc has closed the dialog and nothing else");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForURL(/tasks$/);
  await page.waitForFunction(() => document.activeElement?.innerText === "Tasks");
  await tabTo(page, /^scheduled/);
  await page.keyboard.press("Space");
  await page.waitForURL(/state=scheduled/);
  await page.locator(`[data-task="${tasks.later}"]`).waitFor();
  await tabTo(page, new RegExp(`^greet ${tasks.later.slice(0, 8)}…${tasks.later.slice(-4)}`));
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(tasks.later));
  await page.locator(".page-head .state-scheduled").waitFor();
  await tabTo(page, /^Change/);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  for (let presses = 0; presses < 12; presses++) {
    await page.keyboard.press("Tab");
    const isOut = await page.evaluate(() => !["DIALOG", "BODY"].includes(
      document.activeElement.closest("dialog")?.tagName ?? document.activeElement.tagName));
    assert.ok(!isOut, "the focus stays in the dialog");
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.waitForFunction(() => /^Change/.test(document.activeElement?.innerText ?? ""));
  await page.keyboard.press("Escape");
  await page.waitForURL(/state=scheduled/);
  await page.waitForFunction(
    (id) => document.activeElement?.closest("tr")?.dataset.task === id,
    tasks.later,
  );
  assert.ok(await isInside(page, `[data-task="${tasks.later}"]`));
  watch.check();
}

/** Each Esc undoes one thing: the menu first, then the page. */
async function escClosesTheMenuBeforeThePage(browser) {
  const { page, watch, go } = await open(browser, { viewport: { width: 390, height: 844 } });
  await go("/tasks");
  await page.locator(`[data-task="${tasks.later}"] a.row-link`).click();
  await page.waitForURL(new RegExp(tasks.later));
  await page.locator(".page-head .state-scheduled").waitFor();
  const button = page.getByRole("button", { name: "Menu" });
  await button.click();
  await page.locator('[aria-label="Menu"][aria-expanded="true"]').waitFor();
  await page.keyboard.press("Escape");
  await page.locator('[aria-label="Menu"][aria-expanded="false"]').waitFor();
  assert.match(page.url(), new RegExp(tasks.later), "the page stays");
  await page.keyboard.press("Escape");
  await page.waitForURL(/tasks$/);
  watch.check();
  await page.close();
}

async function escDoesNothingAt(field) {
  const page = field.page();
  const address = page.url();
  await field.focus();
  await page.keyboard.press("Escape");
  // What Esc begins is done before the next key is.
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(page.url(), address);
}

async function escLeavesNoForm(browser) {
  const { page, watch, go } = await open(browser);
  await go("/runs");
  await page.getByRole("link", { name: /^archive/ }).click();
  await page.waitForURL(/start-run/);
  await page.getByLabel("day (required)").fill("monday");
  await escDoesNothingAt(page.getByRole("button", { name: "Run archive" }));
  assert.equal(await page.getByLabel("day (required)").inputValue(), "monday");
  await go("/start?definition=greet");
  await page.getByLabel("who (required)").fill("ann");
  await escDoesNothingAt(page.getByRole("button", { name: "Start greet" }));
  assert.equal(await page.getByLabel("who (required)").inputValue(), "ann");
  watch.check();
  await page.close();
}

await run(async (browser) => {
  await timesAreOfTheReadersZone(browser);
  await aVisitByKeys(browser);
  await escClosesTheMenuBeforeThePage(browser);
  await escLeavesNoForm(browser);
});
