// People log in at a provider, come back to the page that they wanted, and change something by
// their session's cookie alone.

import assert from "node:assert/strict";
import { given, open, run } from "./browser.mjs";

await run(async (browser) => {
  const { page, watch } = await open(browser, {
    allowed: [/status of 401/, new RegExp(`request: ${given.place}`),
      new RegExp(`request: ${given.provider}`)],
  });
  await page.goto(`${given.place}/console/tasks/${given.task}`);
  await page.getByRole("link", { name: "Log in with GitHub" }).click();
  await page.waitForURL(`${given.place}/console/tasks/${given.task}`);
  await page.locator(".page-head .state-ready").waitFor();
  await page.getByRole("link", { name: "github:ann" }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel the task" }).click();
  await page.locator(".page-head .state-cancelled").waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0, "there is no token");
  await page.getByRole("link", { name: "github:ann" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("link", { name: "Log in with GitHub" }).waitFor();
  await page.reload();
  await page.getByRole("link", { name: "Log in with GitHub" }).waitFor();
  watch.check();
});
