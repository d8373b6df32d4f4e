// What takes the focus can be seen, and what is long keeps to its frame.

import assert from "node:assert/strict";
import { given, open, run, settled } from "./browser.mjs";

/** The frame of the log is scrolled, not the page: below it come a few panels and nothing else. */
async function aLongLogKeepsToItsFrame(page, go) {
  await go(`/tasks/${given.task}`);
  await settled(page);
  await page.waitForFunction(
    (lines) => document.querySelectorAll(".log-line").length === lines,
    given.lines,
  );
  assert.equal(await page.locator(".log .unseen").count(), given.lines);
  const [high, content] = await page.evaluate(() => [
    document.documentElement.scrollHeight,
    document.querySelector(".shell").getBoundingClientRect().height,
  ]);
  assert.ok(high <= content + 1, `${high} pixels high, ${content} of it content`);
  assert.ok(high < 6000, `${high} pixels high`);
}

/** Back by Shift+Tab from the end of the page to its head (WCAG 2.4.11). */
async function nothingIsFocusedUnderTheHead(page, go, address) {
  await go(address);
  await settled(page);
  await page.evaluate(() => {
    scrollTo(0, document.documentElement.scrollHeight);
    const all = document.querySelectorAll("main :is(a[href], button, input, select, summary)");
    [...all].at(-1).focus();
  });
  let seen = 0;
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press("Shift+Tab");
    const place = await page.evaluate(() => {
      const on = document.activeElement;
      if (!on.closest("main") || on.id === "main") return null;
      const { bottom } = on.getBoundingClientRect();
      const head = document.querySelector(".top").getBoundingClientRect().bottom;
      return { what: on.outerHTML.slice(0, 120), bottom, head };
    });
    if (!place) break;
    seen++;
    assert.ok(
      place.bottom > place.head,
      `${address}: ${place.what} ends at ${place.bottom}, the head at ${place.head}`,
    );
  }
  assert.ok(seen > 3, `${address}: ${seen} places were come by`);
}

await run(async (browser) => {
  const { page, watch, go } = await open(browser, { viewport: { width: 1000, height: 500 } });
  await aLongLogKeepsToItsFrame(page, go);
  const addresses = ["/tasks", `/tasks/${given.task}`, "/overview", "/start?definition=greet"];
  for (const address of addresses) await nothingIsFocusedUnderTheHead(page, go, address);
  watch.check();
});
