// Lists that are longer than what is drawn of them, as a reader goes through them.

import assert from "node:assert/strict";

/** Rows around the screen; the list has many times as many. */
const DRAWN_MAX = 90;

/** The rows that are drawn: place in the list and id. */
export const drawn = (page) =>
  page.$$eval("tr[data-row]", (rows) =>
    rows.map((row) => [Number(row.getAttribute("aria-rowindex")), row.dataset.row]),
  );

/** The screen shows nothing that only stands for rows. */
export const noGapIsSeen = (page) =>
  page.waitForFunction(() =>
    [...document.querySelectorAll("tr.rows-gap")].every((gap) => {
      const { top, bottom } = gap.getBoundingClientRect();
      return bottom <= 0 || top >= innerHeight;
    }),
  );

/** Screen by screen to the end: which row is at which place. `what`: as the list counts them. */
export async function scrollThrough(page, total, what) {
  const places = new Map();
  const all = `${total} ${what}, that is all.`;
  const last = page.getByText(all);
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
        [at[1], all],
      );
    }
  }
  assert.equal(places.size, total, "each row is somewhere");
  assert.deepEqual(
    [...new Set(places.values())].sort((one, other) => one - other),
    Array.from({ length: total }, (_, at) => at + 2),
    "each at a place of its own, below the head",
  );
  return places;
}
