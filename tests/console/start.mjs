// Before anything is sent, Start says whether one may, and why not; definitions of a git repository
// say of which commit they are.

import assert from "node:assert/strict";
import { given, open, run, settled, wish } from "./browser.mjs";

/** Somebody with this token, and what they have asked to be made. */
async function as(browser, who, allowed = [/status of 401/]) {
  const opened = await open(browser, { allowed });
  const made = [];
  opened.page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/v1/tasks")) made.push(request);
  });
  await opened.go("/start");
  await opened.page.getByLabel("Token").fill(given.tokens[who]);
  await opened.page.getByRole("button", { name: "Use this token" }).click();
  await settled(opened.page);
  return { ...opened, made };
}

async function whoMayNotIsToldWhy(browser) {
  for (const [who, definition, why] of [
    ["viewer", "free", /^Your role may look, not start\. Ask an administrator/],
    ["dave", "guarded", /^you may not: /],
  ]) {
    const { page, watch, go, made } = await as(browser, who);
    await go(`/start?definition=${definition}`);
    await page.locator(".start-form .trouble").getByText(why).waitFor();
    assert.equal(await page.locator(".start-form .trouble.good").count(), 0);
    assert.ok(await page.getByRole("button", { name: `Start ${definition}` }).isDisabled());
    await page.getByText("Time, queue, labels").click();
    await page.getByLabel("Not before, from now").press("Enter");
    await settled(page);
    assert.equal(made.length, 0, "nothing was sent");
    watch.check();
    await page.close();
  }
}

async function whoMayIsToldSo(browser) {
  const { page, watch, go, made } = await as(browser, "carol");
  await go("/start?definition=guarded");
  await page.locator(".start-form .trouble.good").getByText(/^you may: /).waitFor();
  assert.equal(made.length, 0, "it is said before it is sent");
  await page.getByRole("button", { name: "Start guarded" }).click();
  await page.waitForURL(/tasks\/[0-9a-f-]{36}/);
  await page.locator(".page-head .state-ready").waitFor();
  await page.locator("main").getByText(given.commit.slice(0, 12)).first().waitFor();
  assert.equal(made.length, 1);
  return { page, watch, go };
}

async function commitsAreShown({ page, watch, go }) {
  await go("/definitions");
  const row = page.getByRole("row", { name: /^free/ });
  await row.locator("code", { hasText: given.commit.slice(0, 12) }).waitFor();
  const place = (commit) => `${given.repository} at ${commit.slice(0, 12)}, `;
  const title = await row.locator("span[title]").getAttribute("title");
  assert.ok(title.includes(place(given.commit)), title);
  await go("/definitions/free");
  await page.locator(".facts").getByText(place(given.commit)).waitFor();
  await wish("commit");
  await go("/definitions/free");
  await page.locator(".facts").getByText(`${given.repository} at `).waitFor();
  const from = await page.locator(".facts div", { hasText: "From" }).innerText();
  assert.ok(!from.includes(given.commit.slice(0, 12)), from);
  const now = await page.evaluate(async () => {
    const headers = { Authorization: `Bearer ${sessionStorage.getItem("waybill-token")}` };
    return (await (await fetch("/v1/definitions/free", { headers })).json()).source.commit;
  });
  assert.ok(from.includes(place(now)), from);
  await page.getByRole("row", { name: /^2 · the newest/ }).getByText(now.slice(0, 12)).waitFor();
  await page.getByRole("row", { name: /^1 / }).getByText(given.commit.slice(0, 12)).waitFor();
  watch.check();
}

/** At the button, with the focus on it, and at the field that it is of; then it may be mended. */
async function whatIsRefusedIsToldWhereOneLooks(browser) {
  const { page, watch, go, made } = await as(browser, "carol", [/status of 4\d\d/]);
  await page.setViewportSize({ width: 1000, height: 420 });
  await go("/start?definition=form");
  const form = page.locator(".start-form");
  await form.getByText("more than 0, a multiple of 0.5").waitFor();
  await form.getByText("at least 2 characters, like ^[a-z]+$").waitFor();
  const host = form.getByLabel("host");
  assert.equal(await form.getByLabel("x (required)").count(), 0, "what may be left out is");
  await form.getByLabel("Give place").check();
  await form.getByLabel("x (required)").fill("here");
  await form.getByLabel("Give place").uncheck();
  await form.getByLabel("x (required)").waitFor({ state: "detached" });
  await host.fill("ABC");
  const button = page.getByRole("button", { name: "Start form" });
  await button.click();
  await form.getByRole("alert").getByText(/ABC/).waitFor();
  await page.waitForFunction(() => document.activeElement?.className === "refused");
  const [alert, place] = [await form.getByRole("alert").boundingBox(), await button.boundingBox()];
  assert.ok(alert.y >= 52 && alert.y + alert.height <= 420, "it is seen");
  assert.ok(place.y - alert.y - alert.height < 40, "beside the button");
  assert.equal(await host.getAttribute("aria-invalid"), "true");
  assert.equal(await form.locator(".field-wrong").count(), 1);
  await host.fill("abc");
  await button.click();
  await page.waitForURL(/tasks\/[0-9a-f-]{36}/);
  assert.deepEqual(made.at(-1).postDataJSON().params, { host: "abc" });
  watch.check();
  await page.close();
}

await run(async (browser) => {
  await whoMayNotIsToldWhy(browser);
  await whatIsRefusedIsToldWhereOneLooks(browser);
  await commitsAreShown(await whoMayIsToldSo(browser));
});
