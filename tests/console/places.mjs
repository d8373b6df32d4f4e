// Going back to a long list, by the browser's button or Esc: the same rows at the same place, the
// same ones selected, the same one with the focus; also after a task or a run was opened.

import assert from "node:assert/strict";
import path from "node:path";
import { given, open, run, settled } from "./browser.mjs";
import { checkAxe, wrongs } from "./checks.mjs";
import { drawn, noGapIsSeen, scrollThrough } from "./long.mjs";

const LIST = "/tasks?queue=held&state=ready";

/** Rows on the screen and where each stands, by its id. */
const seen = (page) =>
  page.$$eval("tr[data-row]", (rows) =>
    rows
      .map((row) => [row.dataset.row, row.getBoundingClientRect()])
      .filter(([, { top, bottom }]) => top >= 0 && bottom <= innerHeight)
      .map(([id, { top }]) => [id, Math.round(top)]),
  );

/** Scrolls until the row at this place of the list is in the middle of the screen. */
async function comeTo(page, place) {
  const row = page.locator(`tr[aria-rowindex="${place}"]`);
  await page.locator("tr[data-row]").first().waitFor();
  while ((await row.count()) === 0) {
    const before = await page.evaluate(() => [scrollY, document.documentElement.scrollHeight]);
    await page.evaluate(() => scrollBy(0, innerHeight));
    await page.waitForFunction(
      ([top, height]) => scrollY > top || document.documentElement.scrollHeight > height,
      before,
    );
    await noGapIsSeen(page);
  }
  await row.evaluate((element) => element.scrollIntoView({ block: "center" }));
  await noGapIsSeen(page);
  return row.getAttribute("data-row");
}

/** Waits until every row is where it was; the browser places them by whole pixels. */
async function standsAs(page, before) {
  assert.ok(before.length > 2, `${before.length} rows are on the screen`);
  await page.waitForFunction((wanted) => {
    return wanted.every(([id, top]) => {
      const row = [...document.querySelectorAll("tr[data-row]")].find(
        (each) => each.dataset.row === id,
      );
      return row && Math.abs(row.getBoundingClientRect().top - top) <= 2;
    });
  }, before);
}

const focused = (page, id) =>
  page.waitForFunction(
    (row) => document.activeElement?.closest("tr")?.dataset.row === row,
    id,
  );

async function tasksAreComeBackTo({ page, go }) {
  await go(LIST);
  const first = await comeTo(page, 205);
  await page.locator(`[data-row="${first}"] input`).check();
  const id = await comeTo(page, 211);
  const before = await seen(page);
  const backs = [
    () => page.goBack(),
    () => page.keyboard.press("Escape"),
    async () => {
      await page.getByRole("link", { name: "Queues", exact: true }).click();
      await page.waitForURL(/queues$/);
      await page.goBack();
      await page.waitForURL(new RegExp(id));
      await page.goBack();
    },
  ];
  for (const back of backs) {
    await page.locator(`[data-row="${id}"] a.row-link`).click();
    await page.waitForURL(new RegExp(id));
    await settled(page);
    assert.equal(await page.evaluate(() => scrollY), 0, "a task begins at its top");
    await back();
    await page.waitForURL(/state=ready$/);
    await standsAs(page, before);
    await focused(page, id);
    await page.getByText("1 task selected").waitFor();
    assert.ok(await page.locator(`[data-row="${first}"] input`).isChecked());
  }
  await page.goForward();
  await page.waitForURL(new RegExp(id));
  await page.goBack();
  await standsAs(page, before);
}

async function cardsOfNarrowScreensToo({ page, go }) {
  await page.setViewportSize({ width: 390, height: 844 });
  await go(LIST);
  const id = await comeTo(page, 70);
  const before = await seen(page);
  await page.locator(`[data-row="${id}"] a.row-link`).click();
  await page.waitForURL(new RegExp(id));
  await settled(page);
  await page.goBack();
  await page.waitForURL(/state=ready$/);
  await standsAs(page, before);
  await focused(page, id);
  await page.setViewportSize({ width: 1360, height: 860 });
}

async function keysGoOnWhereTheyWere({ page, go }) {
  await go(LIST);
  await page.locator("tr[data-row]").first().waitFor();
  for (let row = 0; row < 130; row++) {
    await page.keyboard.press("j");
    await page.waitForFunction(
      (place) => document.activeElement?.closest("tr")?.getAttribute("aria-rowindex") === place,
      String(row + 2),
    );
  }
  await noGapIsSeen(page);
  const before = await seen(page);
  await page.keyboard.press("o");
  await page.waitForURL(/tasks\/[0-9a-f-]{36}$/);
  await settled(page);
  await page.keyboard.press("Escape");
  await standsAs(page, before);
  const place = () =>
    page.evaluate(() => document.activeElement?.closest("tr")?.getAttribute("aria-rowindex"));
  await page.waitForFunction(() => document.activeElement?.closest("tr"));
  assert.equal(await place(), "131");
  await page.keyboard.press("j");
  await page.waitForFunction(
    () => document.activeElement?.closest("tr")?.getAttribute("aria-rowindex") === "132",
  );
}

async function anotherFilterIsAnotherPlace({ page, go }) {
  await go(LIST);
  await comeTo(page, 160);
  const before = await seen(page);
  // From the menu, which is always on the screen, to the whole list and back.
  await page.getByRole("link", { name: "Tasks", exact: true }).click();
  await page.waitForURL(/tasks$/);
  await page.locator('tr[aria-rowindex="2"]').waitFor();
  await page.goBack();
  await page.waitForURL(/state=ready$/);
  await standsAs(page, before);
}

/** What left the list meanwhile is gone; the rest is where it was. */
async function whatChangedMeanwhileIsSeen({ page, go }) {
  await go(LIST);
  const id = await comeTo(page, 230);
  await page.locator(`[data-row="${id}"] input`).check();
  const rows = await seen(page);
  const above = rows.slice(0, rows.findIndex(([row]) => row === id));
  await page.locator(`[data-row="${id}"] a.row-link`).click();
  await settled(page);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel the task" }).click();
  await page.locator(".page-head .state-cancelled").waitFor();
  await page.goBack();
  await page.locator(`[data-row="${id}"]`).waitFor({ state: "detached" });
  await standsAs(page, above);
  await page.getByText("1 task selected").waitFor({ state: "detached" });
}

async function runsAreComeBackTo({ page, go }) {
  await go("/runs");
  const all = await scrollThrough(page, given.runs, "runs");
  assert.equal(all.size, given.runs);
  await page.evaluate(() => scrollTo(0, 0));
  const id = await comeTo(page, 180);
  const before = await seen(page);
  for (const back of [() => page.goBack(), () => page.keyboard.press("Escape")]) {
    await page.locator(`[data-row="${id}"] a.row-link`).click();
    await page.waitForURL(new RegExp(`runs/${id}`));
    await settled(page);
    await back();
    await page.waitForURL(/runs$/);
    await standsAs(page, before);
    await focused(page, id);
  }
  await page.keyboard.press("j");
  assert.ok((await drawn(page)).length < 90);
  await checkAxe(page, "runs-long");
  await page.screenshot({ path: path.join(given.screens, "runs-long-light.png") });
}

async function entriesAreComeBackTo({ page, go }) {
  await go("/audit?operation=createRun");
  await scrollThrough(page, given.runs, "entries");
  await page.evaluate(() => scrollTo(0, 0));
  const id = await comeTo(page, 300);
  const before = await seen(page);
  await page.locator(`tr[data-row="${id}"] a`).first().click();
  await page.waitForURL(/console\/runs\/[0-9a-f-]{36}$/);
  await page.goBack();
  await page.waitForURL(/createRun$/);
  await standsAs(page, before);
  await checkAxe(page, "audit-long");
  await page.screenshot({ path: path.join(given.screens, "audit-long-light.png") });
}

/** Two lists on one page, each with pages of its own. */
async function leasesAndCollectionsGoOn({ page, go }) {
  await go("/pins");
  for (const name of ["Leases", "Collections"]) {
    const table = page.getByRole("region", { name, exact: true }).getByRole("table");
    await table.waitFor();
    const isWhole = () => table.getAttribute("aria-rowcount");
    while ((await isWhole()) !== String(given.leases + 1)) {
      const before = await page.evaluate(() => document.documentElement.scrollHeight);
      await table.evaluate((shown) => scrollBy(0, shown.getBoundingClientRect().bottom));
      await page.waitForFunction(
        ([old, count]) =>
          document.documentElement.scrollHeight !== old ||
          [...document.querySelectorAll("table")].some(
            (each) => each.getAttribute("aria-rowcount") === count,
          ),
        [before, String(given.leases + 1)],
      );
    }
    const rows = await table.locator("tr[data-row]").count();
    assert.ok(rows < 90, `${rows} rows of ${name} are drawn`);
  }
}

/** Nothing is remembered then, and nothing is asked of what is not. */
async function aPageLoadedAnewHasItsList({ page, go }) {
  await go(LIST);
  const id = await comeTo(page, 120);
  await page.locator(`[data-row="${id}"] a.row-link`).click();
  await page.waitForURL(new RegExp(id));
  await page.reload();
  await settled(page);
  await page.goBack();
  await page.waitForURL(/state=ready$/);
  await page.locator("tr[data-row]").first().waitFor();
  await noGapIsSeen(page);
  await go(`/tasks/${id}`);
  await settled(page);
  await page.keyboard.press("Escape");
  await page.waitForURL(/console\/tasks/);
  await page.locator("tr[data-row]").first().waitFor();
}

await run(async (browser) => {
  const opened = await open(browser);
  for (const scene of [
    tasksAreComeBackTo,
    cardsOfNarrowScreensToo,
    keysGoOnWhereTheyWere,
    anotherFilterIsAnotherPlace,
    whatChangedMeanwhileIsSeen,
    runsAreComeBackTo,
    entriesAreComeBackTo,
    leasesAndCollectionsGoOn,
    aPageLoadedAnewHasItsList,
  ]) {
    console.log(scene.name);
    await scene(opened);
  }
  assert.deepEqual(wrongs, []);
  opened.watch.check();
});
