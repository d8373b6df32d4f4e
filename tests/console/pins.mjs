// What is kept on IPFS: leases, what a node answered, collections; a lease is ended by a task.

import assert from "node:assert/strict";
import { open, run, settled, wish } from "./browser.mjs";
import { check, wrongs } from "./checks.mjs";

await run(async (browser) => {
  const { page, watch, go } = await open(browser);
  await go("/pins");
  await settled(page);
  const leases = page.getByRole("region", { name: "Leases" });
  const lease = leases.getByRole("row", { name: /^wikipedia/ });
  await lease.getByText("3 others have it").waitFor();
  await lease.getByText("for 30 d from its making on").waitFor();
  await leases.getByRole("row", { name: /^<script>/ }).getByText("for good").waitFor();
  await page.getByRole("region", { name: "Collections" }).getByText("Tides").waitFor();
  await page.getByText("Nobody has asked it yet").waitFor();
  await page.getByRole("button", { name: "Ask the node" }).click();
  await page.getByText("Asked; no answer yet").waitFor();
  await wish("answer");
  const held = page.getByRole("region", { name: "Pins of the node" });
  await held.getByRole("row", { name: /^wikipedia/ }).waitFor();
  assert.equal(await page.locator("main script").count(), 0);
  await check(page, "pins");
  await lease.getByRole("button", { name: "End it" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End the lease" }).click();
  await page.getByText("A task ends the lease").waitFor();
  await go("/tasks?kind=ipfs.unpin");
  await page.locator("[data-task] a").first().click();
  await page.locator(".json pre", { hasText: '"name": "wikipedia"' }).waitFor();
  assert.deepEqual(wrongs, []);
  watch.check();
});
