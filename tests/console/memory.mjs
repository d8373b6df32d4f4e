// What going back shows at once: no more rows than are remembered, and nothing that is refused now.

import assert from "node:assert/strict";
import { given, open, run, settled } from "./browser.mjs";

const ROWS = 6000; // of each page; two lists of two pages are more than is remembered

async function oldRowsGo({ page, go }) {
  const task = await (await page.request.get(`${given.url}/v1/tasks/${given.task}`)).json();
  await page.route(/v1\/tasks\?/, (route) => {
    const cursor = new URL(route.request().url()).searchParams.get("cursor") ?? "";
    const from = Number(cursor || "0");
    const tasks = Array.from({ length: ROWS }, (_, at) => ({
      ...task,
      id: task.id.slice(0, -6) + String(from + at).padStart(6, "0"),
    }));
    const next_cursor = String(from + ROWS);
    return route.fulfill({ json: { tasks, damaged: [], next_cursor } });
  });
  const twoPages = async () => {
    await page.getByText("6,000 tasks so far.").waitFor();
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await page.getByText("12,000 tasks so far.").waitFor();
  };
  await go("/tasks?queue=first");
  await twoPages();
  await page.evaluate(() => history.pushState({}, "", "/console/tasks?queue=second"));
  await twoPages();
  await page.goBack();
  await page.waitForURL(/queue=first/);
  await page.getByText("6,000 tasks so far.").waitFor();
  await page.goForward();
  await page.waitForURL(/queue=second/);
  await page.getByText("12,000 tasks so far.").waitFor();
  await page.unroute(/v1\/tasks\?/);
}

const REFUSALS = [
  [403, "You may not"],
  [404, "It is not there"],
];

async function whatIsRefusedIsShownNoLonger({ page, go }) {
  const places = [
    [`/tasks/${given.task}`, /v1\/tasks\/[^/?]+$/, page.getByRole("button", { name: "Cancel" })],
    ["/runs", /v1\/runs\?/, page.locator("tr[data-row]")],
  ];
  for (const [address, asks, shown] of places) {
    for (const [status, title] of REFUSALS) {
      await go(address);
      await shown.waitFor();
      await page.getByRole("link", { name: "Queues", exact: true }).click();
      await page.waitForURL(/queues$/);
      const json = { type: "about:blank", status, title, detail: "" };
      await page.route(asks, (route) =>
        route.fulfill({ status, json, contentType: "application/problem+json" }),
      );
      await page.goBack();
      await page.getByRole("alert").getByText(title).first().waitFor();
      await settled(page);
      assert.equal(await shown.count(), 0, `${address} beside ${status}`);
      await page.unroute(asks);
    }
  }
}

await run(async (browser) => {
  const opened = await open(browser, { allowed: [/status of 40[34]/], locale: "en-US" });
  for (const scene of [whatIsRefusedIsShownNoLonger, oldRowsGo]) {
    console.log(scene.name);
    await scene(opened);
  }
  opened.watch.check();
});
