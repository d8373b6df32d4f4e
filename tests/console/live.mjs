// What happens is seen at once: the charts of the overview move, and the counts of the list.

import assert from "node:assert/strict";
import { given, open, PATIENCE_MS, run, settled, wish } from "./browser.mjs";

/** How high the line of this colour reaches in a chart: 0 is its lower edge, 1 the upper one,
 *  -1 that none of it is seen: another line covers it. */
function heightOf([label, color]) {
  const canvas = document.querySelector(`.chart[aria-label^="${label}"] canvas`);
  if (!canvas?.width) return -1;
  const brush = document.createElement("canvas").getContext("2d");
  brush.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(color).trim();
  brush.fillRect(0, 0, 1, 1);
  const wanted = brush.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    const isIt = [0, 1, 2].every((part) => Math.abs(data[at + part] - wanted[part]) < 24);
    if (isIt && data[at + 3] > 200) return 1 - Math.floor(at / 4 / canvas.width) / canvas.height;
  }
  return -1;
}

async function rises(page, label, color) {
  const giveUp = Date.now() + PATIENCE_MS;
  for (let height = -1; height < 0.6; ) {
    assert.ok(Date.now() < giveUp, `${label}: ${color} reaches ${height}`);
    // What is drawn changes with the figures; each look waits for the next frame.
    height = await page.evaluate(heightOf, [label, color]);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

async function chartsMove({ page, go }) {
  await go("/overview");
  await settled(page);
  await page.getByText("Live", { exact: true }).waitFor();
  const lines = { created: ["Tasks a second", "--blue"], ready: ["Ready and", "--blue"] };
  for (const [name, line] of Object.entries(lines)) {
    const height = await page.evaluate(heightOf, line);
    assert.ok(height < 0.4, `${name} is flat before: ${height}`);
  }
  await page.getByText("0 created, 0 succeeded").waitFor();
  await wish("make");
  await rises(page, ...lines.created);
  await rises(page, ...lines.ready);
  await page.getByText(`${given.count} created, 0 succeeded`).waitFor();
  await page.getByText(`${given.count} tasks ready, 0 leased now`).waitFor();
  await wish("let");
  await rises(page, "Tasks a second", "--green");
  await page.getByText(`${given.count} created, ${given.count} succeeded`).waitFor();
  await page.getByText("0 tasks ready, 0 leased now").waitFor();
}

async function countsMove({ page, go }) {
  await go("/tasks?queue=held");
  await settled(page);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.evaluate(() => (window.isTheSamePage = true));
  const counts = (ready, succeeded) =>
    page.waitForFunction(
      (wanted) =>
        ["ready", "succeeded"].every(
          (state, at) =>
            document.querySelector(`.chip-${state} .chip-count`)?.textContent === wanted[at],
        ),
      [ready, succeeded].map(String),
    );
  const { count } = given;
  await counts(0, count);
  await wish("make");
  await counts(count, count);
  await page.locator(".tasks tbody .state-ready").nth(count - 1).waitFor();
  await wish("let");
  await counts(0, 2 * count);
  await page.locator(".tasks tbody .state-ready").first().waitFor({ state: "detached" });
  assert.ok(await page.evaluate(() => window.isTheSamePage), "by itself");
}

await run(async (browser) => {
  // What the browser says of our looking at its charts.
  const opened = await open(browser, { allowed: [/willReadFrequently/] });
  for (const scene of [chartsMove, countsMove]) {
    console.log(scene.name);
    await scene(opened);
  }
  opened.watch.check();
});
