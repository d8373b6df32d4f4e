// A token lets in; a role hides what it may not, and says so where the address leads there.

import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { given, open, run, settled } from "./browser.mjs";
import { check, wrongs } from "./checks.mjs";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function enter(page, token) {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Use this token" }).click();
}

/** Made, shown once, used, revoked; at last the one in use, which ends the visit. */
async function tokensAreMadeAndRevoked(page, go) {
  await go("/access");
  await page.getByText("Nobody has logged in lately").waitFor();
  await check(page, "access-tokens");
  await page.getByRole("button", { name: "Make a token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Name/).fill("ci");
  await dialog.getByLabel("Role").selectOption("submitter");
  await check(page, "access-make");
  await dialog.getByRole("button", { name: "Make it" }).click();
  const made = await dialog.getByLabel("The text of the token ci").inputValue();
  await dialog.getByRole("button", { name: "Copy the token" }).waitFor();
  await check(page, "access-shown-once");
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  const asWhom = (text) =>
    page.evaluate(async (token) => {
      const answer = await fetch("/v1/me", { headers: { Authorization: `Bearer ${token}` } });
      return [answer.status, (await answer.json()).name];
    }, text);
  assert.deepEqual(await asWhom(made), [200, "token:ci"]);
  await page.reload();
  await page.getByRole("button", { name: "Revoke ci" }).click();
  assert.ok(!(await page.content()).includes(made), "it is shown once");
  await dialog.getByText("refused at once").waitFor();
  await dialog.getByRole("button", { name: "Leave it" }).click();
  await page.getByRole("button", { name: "Revoke ci" }).click();
  await dialog.getByRole("button", { name: "Revoke it" }).click();
  await page.getByRole("button", { name: "Revoke ci" }).waitFor({ state: "detached" });
  assert.equal((await asWhom(made))[0], 401);
  await page.getByLabel("also 1 old one").check();
  await page.getByRole("row", { name: /^ci/ }).getByText("revoked").waitFor();
  await anAnswerIsLost(page);
  await page.getByRole("button", { name: "Revoke admin" }).click();
  await dialog.getByText("This is the token that this tab uses").waitFor();
  await dialog.getByRole("button", { name: "Revoke it" }).click();
  await page.getByLabel("Token", { exact: true }).waitFor();
  assert.deepEqual(wrongs, []);
}

/** The server makes it, but the answer is lost: asking again makes no second one, and says so. */
async function anAnswerIsLost(page) {
  const keys = [];
  await page.route("**/v1/tokens", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    keys.push(await route.request().headerValue("Idempotency-Key"));
    if (keys.length > 1) return route.continue();
    const answer = await route.fetch();
    assert.equal(answer.status(), 201, "the server has made it");
    return route.abort();
  });
  await page.getByRole("button", { name: "Make a token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Name/).fill("lost");
  await dialog.getByRole("button", { name: "Make it" }).click();
  await dialog.getByRole("alert").getByText("No answer came").waitFor();
  await check(page, "access-lost");
  await dialog.getByRole("button", { name: "Ask again" }).click();
  await dialog.getByText("Its text was in an answer that did not arrive").waitFor();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1], "it is the same request");
  const id = await dialog.locator("code").innerText();
  assert.match(id, /^[0-9a-f]{8}$/);
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.unroute("**/v1/tokens");
  const rows = page.getByRole("row", { name: /^lost/ });
  await rows.first().waitFor();
  assert.equal(await rows.count(), 1, "no second one was made");
  await page.getByRole("button", { name: "Revoke lost" }).click();
  await dialog.getByRole("button", { name: "Revoke it" }).click();
  await page.getByRole("button", { name: "Revoke lost" }).waitFor({ state: "detached" });
}

await run(async (browser) => {
  const { page, watch, go } = await open(browser, { allowed: [/status of 40[13]/, /ERR_FAILED/] });
  await go(`/tasks/${given.task}`);
  await page.getByLabel("Token").waitFor();
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run());
  assert.deepEqual(found.violations.map(({ id, nodes }) => `${id} ${nodes[0].target}`), []);
  await page.screenshot({ path: path.join(given.screens, "login-light.png") });

  await enter(page, "wb_wrong");
  await page.getByRole("alert").waitFor();

  await enter(page, given.tokens.viewer);
  await page.locator(".page-head .state-ready").waitFor();
  assert.equal(await page.getByRole("button", { name: "Cancel" }).count(), 0);
  assert.equal(await page.getByRole("link", { name: "Audit" }).count(), 0);
  assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage })).then(
    (kept) => kept.includes(given.tokens.viewer)), false, "the token is in this tab alone");
  await go("/audit");
  await page.getByText("needs the right to admin").waitFor();
  await page.screenshot({ path: path.join(given.screens, "denied-light.png") });
  await go("/access");
  await page.getByText("listTokens needs the right to admin").waitFor();
  assert.equal(await page.getByRole("button", { name: "Make a token" }).count(), 0);

  await go("/you");
  await settled(page);
  await page.getByRole("button", { name: "Log out" }).click();
  await enter(page, given.tokens.admin);
  await page.getByRole("link", { name: "Audit" }).click();
  await page.getByRole("cell", { name: "createTasks" }).first().waitFor();
  await tokensAreMadeAndRevoked(page, go);
  watch.check();
});
