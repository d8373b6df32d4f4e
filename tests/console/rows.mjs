// A list that is longer than what is drawn of it: it goes on as one scrolls, few rows are there at
// a time, what has the focus or is selected stays so, and what changes is seen where one is.

import assert from "node:assert/strict";
import path from "node:path";
import { given, open, run, settled, wish } from "./browser.mjs";
import { checkAxe, wrongs } from "./checks.mjs";
import { drawn, noGapIsSeen, scrollThrough } from "./long.mjs";

const LIST = "/tasks?queue=held&state=ready";

async function itGoesOnAsOneScrolls({ page, go }) {
  await go(LIST);
  await settled(page);
  const address = page.url();
  const table = page.getByRole("table", { name: "Tasks" });
  assert.equal(await table.getAttribute("aria-rowcount"), "-1", "it is not known yet");
  const [[, first]] = await drawn(page);
  await page.locator(`[data-task="${first}"] input`).check();
  await page.locator(`[data-task="${first}"] a.row-link`).focus();
  await scrollThrough(page, given.total, "tasks");
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
  const places = await scrollThrough(page, given.total, "tasks");
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
  const again = await scrollThrough(page, given.total, "tasks");
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
  await scrollThrough(page, given.total - 1, "tasks");
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
