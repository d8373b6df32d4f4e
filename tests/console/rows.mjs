// A list that is longer than what is drawn of it: it goes on as one scrolls, few rows are there at
// a time, what has the focus or is selected stays so, and what changes is seen where one is.

import assert from "node:assert/strict";
import path from "node:path";
import { given, open, run, settled, wish } from "./browser.mjs";
import { checkAxe, wrongs } from "./checks.mjs";

/** Rows around the screen; the list has many times as many. */
const DRAWN_MAX = 90;
const LIST = "/tasks?queue=held&state=ready";

/** The rows that are drawn: place in the list and task. */
const drawn = (page) =>
  page.$$eval("tr[data-task]", (rows) =>
    rows.map((row) => [Number(row.getAttribute("aria-rowindex")), row.dataset.task]),
  );

/** The screen shows nothing that only stands for rows. */
const noGapIsSeen = (page) =>
  page.waitForFunction(() =>
    [...document.querySelectorAll("tr.gap")].every((gap) => {
      const { top, bottom } = gap.getBoundingClientRect();
      return bottom <= 0 || top >= innerHeight;
    }),
  );

/** Screen by screen to the end: which task is at which place. */
async function scrollThrough(page, total) {
  const places = new Map();
  const last = page.getByText(`${total} tasks, that is all.`);
  for (let isEnd = false; !isEnd; ) {
    await noGapIsSeen(page);
    const rows = await drawn(page);
    assert.ok(rows.length < DRAWN_MAX, `${rows.length} rows are drawn`);
    for (const [place, id] of rows) places.set(id, place);
    const at = await page.evaluate(() => [
      scrollY,
      document.documentElement.scrollHeight - innerHeight,
    ]);
    isEnd = at[0] >= at[1] - 2 && (await last.count()) === 1;
    await page.evaluate(() => scrollBy(0, innerHeight * 0.6));
    // What is asked for at the end comes, or it was all.
    if (at[0] >= at[1] - 2) {
      await page.waitForFunction(
        ([old, text]) =>
          document.documentElement.scrollHeight - innerHeight > old + 2 ||
          document.body.innerText.includes(text),
        [at[1], `${total} tasks, that is all.`],
      );
    }
  }
  assert.equal(places.size, total, "each task is somewhere");
  assert.deepEqual(
    [...new Set(places.values())].sort((one, other) => one - other),
    Array.from({ length: total }, (_, at) => at + 2),
    "each at a place of its own, below the head",
  );
  return places;
}

async function itGoesOnAsOneScrolls({ page, go }) {
  await go(LIST);
  await settled(page);
  const address = page.url();
  const table = page.getByRole("table", { name: "Tasks" });
  assert.equal(await table.getAttribute("aria-rowcount"), "-1", "it is not known yet");
  const [[, first]] = await drawn(page);
  await page.locator(`[data-task="${first}"] input`).check();
  await page.locator(`[data-task="${first}"] a.row-link`).focus();
  await scrollThrough(page, given.total);
  assert.equal(page.url(), address);
  assert.equal(await table.getAttribute("aria-rowcount"), String(given.total + 1));
  await page.getByText("1 task selected").waitFor();
  assert.equal(
    await page.evaluate(() => document.activeElement?.closest("tr")?.dataset.task),
    first,
    "the focus is where it was",
  );
  await page.keyboard.press("Tab");
  const next = page.locator('tr[aria-rowindex="3"] input');
  await page.waitForFunction((row) => row === document.activeElement, await next.elementHandle());
  await noGapIsSeen(page);
  assert.ok((await next.boundingBox()).y >= 0, "where one tabs is on the screen");
}

async function keysWalkPastWhatIsDrawn({ page, go }) {
  await go(LIST);
  await page.locator("[data-task]").first().waitFor();
  for (let row = 0; row < 120; row++) {
    await page.keyboard.press("j");
    await page.waitForFunction(
      (place) => document.activeElement?.closest("tr")?.getAttribute("aria-rowindex") === place,
      String(row + 2),
    );
  }
  await noGapIsSeen(page);
  await page.keyboard.press("k");
  await page.keyboard.press("x");
  await page.getByText("1 task selected").waitFor();
  const focused = page.locator("tr:focus-within");
  assert.equal(await focused.getAttribute("aria-rowindex"), "120");
  assert.ok(await focused.locator("input").isChecked());
}

/** New ones come at the top, others leave below: where one is stays where it was. */
async function changesComeWhereOneIs({ page, go }) {
  await go(LIST);
  await page.locator("[data-task]").first().waitFor();
  const [[, first]] = await drawn(page);
  await page.locator(`[data-task="${first}"] input`).check();
  const places = await scrollThrough(page, given.total);
  await noGapIsSeen(page);
  const byPlace = new Map([...places].map(([id, place]) => [place, id]));
  const gone = byPlace.get(given.total + 1);
  const stays = byPlace.get(given.total - 3);
  const row = page.locator(`[data-task="${gone}"]`);
  await row.waitFor();
  const chip = page.getByRole("button", { name: /^ready/ }).locator(".chip-count");
  assert.equal(await chip.innerText(), String(given.total));
  await wish("make");
  await page.waitForFunction(
    (text) => document.querySelector(".chip-ready .chip-count")?.textContent === text,
    String(given.total + 1),
  );
  await page.evaluate(async (id) => {
    const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
    const answer = await fetch(`/v1/tasks/${id}/cancel`, options);
    if (!answer.ok) throw new Error(await answer.text());
  }, gone);
  await row.waitFor({ state: "detached" });
  assert.ok(await page.locator(`[data-task="${stays}"]`).isVisible(), "the screen has not moved");
  await page.waitForFunction(
    (text) => document.querySelector(".chip-cancelled .chip-count")?.textContent === text,
    "1",
  );
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForFunction(
    (old) => {
      const top = document.querySelector("tr[data-task]");
      return top && top.dataset.task !== old && top.nextElementSibling?.dataset.task === old;
    },
    first,
  );
  await page.getByText("1 task selected").waitFor();
  const again = await scrollThrough(page, given.total);
  assert.equal(again.get(first), 3);
  await page.getByRole("group", { name: "Selected tasks" }).getByText("Cancel").click();
  await page.getByRole("button", { name: "Cancel 1 task" }).click();
  await page.getByText("Cancelled: 1 task").waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator(`[data-task="${first}"]`).waitFor({ state: "detached" });
}

async function itIsACardOnNarrowScreens({ page, go }) {
  await page.setViewportSize({ width: 390, height: 844 });
  await go(LIST);
  await page.locator("[data-task]").first().waitFor();
  await scrollThrough(page, given.total - 1);
  await page.setViewportSize({ width: 1360, height: 860 });
  await noGapIsSeen(page);
}

await run(async (browser) => {
  const opened = await open(browser);
  for (const scene of [
    itGoesOnAsOneScrolls,
    keysWalkPastWhatIsDrawn,
    changesComeWhereOneIs,
    itIsACardOnNarrowScreens,
  ]) {
    console.log(scene.name);
    await scene(opened);
  }
  await checkAxe(opened.page, "tasks-long");
  await opened.page.screenshot({ path: path.join(given.screens, "tasks-long-light.png") });
  assert.deepEqual(wrongs, []);
  opened.watch.check();
});
