// People log in at a provider, come back to the page that they wanted, and change something by
// their session's cookie alone.

import assert from "node:assert/strict";
import { given, open, run } from "./browser.mjs";
import { check, wrongs } from "./checks.mjs";

/** An admin sees who is logged in, and ends it. */
async function sessionsAreEnded(browser) {
  const { page, watch, go } = await open(browser, { allowed: [/status of 401/] });
  await go("/access");
  await page.getByLabel("Or with a token").fill(given.root);
  await page.getByRole("button", { name: "Use this token" }).click();
  const row = page.getByRole("row", { name: /^github:ann/ });
  await row.getByText("127.0.0.1").waitFor();
  await check(page, "access-people");
  await row.getByRole("button", { name: "End a session of github:ann" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End it" }).click();
  await row.getByText("revoked").waitFor();
  assert.deepEqual(wrongs, []);
  watch.check();
}

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
  await sessionsAreEnded(browser);
  await page.reload();
  await page.getByRole("link", { name: "Log in with GitHub" }).click();
  await page.getByRole("link", { name: "github:ann" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("link", { name: "Log in with GitHub" }).waitFor();
  await page.reload();
  await page.getByRole("link", { name: "Log in with GitHub" }).waitFor();
  watch.check();
});
