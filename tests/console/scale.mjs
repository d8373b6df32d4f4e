// The list of tasks of a ledger that holds very many: when something is painted, when the tasks are
// there, and page after page as one scrolls.

import assert from "node:assert/strict";
import { given, open, run, settled } from "./browser.mjs";

/** When the first of the content was painted, in ms since the page was asked for. */
async function paints(page) {
  const first = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0].startTime,
  );
  return Math.round(first);
}

await run(async (browser) => {
  const { page, watch, go } = await open(browser);
  await go("/you"); // the program is started, its files are read once
  await settled(page);
  const first_paint = [];
  const tasks_there = [];
  for (let time = 0; time < 3; time++) {
    const begun = Date.now();
    await go("/tasks");
    await page.locator("[data-task]").first().waitFor();
    tasks_there.push(Date.now() - begun);
    first_paint.push(await paints(page));
  }
  const total = new Intl.NumberFormat("en-US").format(given.total);
  await go("/overview");
  await page.locator(".counts").waitFor();
  const numbers = await page.locator(".counts-number").allInnerTexts();
  const sum = numbers.reduce((all, text) => all + Number(text.replaceAll(",", "")), 0);
  assert.equal(sum, given.total, `the counts tell all ${total}`);
  await go("/tasks");
  await page.locator("[data-task]").first().waitFor();
  let page_ms = 0;
  for (let turn = 0; turn < 4; turn++) {
    const loaded = await page.locator(".pager p").innerText();
    const begun = Date.now();
    // So far that the next page is asked for.
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await page.waitForFunction(
      (old) => document.querySelector(".pager p").innerText !== old,
      loaded,
    );
    page_ms = Math.max(page_ms, Date.now() - begun);
  }
  const last = page.locator("tr[data-task]").last();
  assert.ok(Number(await last.getAttribute("aria-rowindex")) > 4 * 40, "the rows are there");
  const id = await page.evaluate(() => {
    const inSight = ({ top, bottom }) => top > 100 && bottom < innerHeight;
    const rows = [...document.querySelectorAll("tr[data-row]")];
    return rows.find((row) => inSight(row.getBoundingClientRect())).dataset.row;
  });
  await page.locator(`tr[data-row="${id}"]`).getByRole("link").first().click();
  await page.locator(".page-head .state").waitFor();
  const begun = Date.now();
  await page.goBack();
  await page.waitForFunction((row) => {
    const found = document.querySelector(`tr[data-row="${row}"]`)?.getBoundingClientRect();
    return found && found.top > 0 && found.bottom < innerHeight;
  }, id);
  const back_ms = Date.now() - begun;
  watch.check();
  const least = (values) => Math.min(...values);
  console.log(
    JSON.stringify({
      first_paint_ms: least(first_paint),
      tasks_there_ms: least(tasks_there),
      page_ms,
      back_ms,
    }),
  );
});
