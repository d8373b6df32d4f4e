// Changes come by themselves; the server goes away and comes back, and nothing is missed.

import { open, run, settled, wish } from "./browser.mjs";

const rows = (page, number) =>
  page.waitForFunction((n) => document.querySelectorAll("[data-task]").length === n, number);

await run(async (browser) => {
  const gone = [/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED/, /ERR_CONNECTION_RESET/,
    /ERR_EMPTY_RESPONSE/, /status of 503/];
  const { page, watch, go } = await open(browser, { allowed: gone });
  await go("/tasks");
  await settled(page);
  await page.getByText("There are no tasks yet").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await wish("make");
  await rows(page, 1);
  await wish("stop");
  await page.getByText("Connection lost; trying again").waitFor();
  await wish("start");
  await wish("make");
  await page.getByText("Live", { exact: true }).waitFor();
  await rows(page, 2);
  await wish("make");
  await rows(page, 3);
  watch.check();
});
