// What is checked of every page, however it looks; and a screenshot of each.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { given } from "./browser.mjs";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDE = { width: 1360, height: 860 };
const NARROW = { width: 390, height: 844 };
/** A wide screen at 400 %: nothing is to be scrolled sideways (WCAG 1.4.10). */
const ENLARGED = { width: 320, height: 640 };

async function axeFinds(page, tags) {
  return page.evaluate(
    async (values) => {
      const found = await window.axe.run(document, {
        runOnly: { type: "tag", values },
        resultTypes: ["violations"],
        preload: false,
      });
      return found.violations.flatMap((violation) =>
        violation.nodes.map((node) => `${violation.id}: ${node.target} ${node.failureSummary}`),
      );
    },
    tags,
  );
}

async function look(page, name, dress) {
  const file = path.join(given.screens, `${name}-${dress}.png`);
  await page.evaluate(() => window.scrollTo(0, 0)); // the head stays where one looks
  await page.screenshot({ path: file, fullPage: true });
}

async function contrasts(page) {
  return page.evaluate(async () => {
    const found = await window.axe.run(document, {
      runOnly: ["color-contrast"],
      resultTypes: ["violations"],
      preload: false,
    });
    return found.violations.flatMap(({ nodes }) => nodes.map((node) => node.failureSummary));
  });
}

/** What was found so far. */
export const wrongs = [];

/** What goes beyond the right edge, but for what can be scrolled there; or whether nothing does. */
function cutOff(asked) {
  const found = [...document.querySelectorAll("main *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .filter((each) => !each.closest("pre, .log, .u-wrap, .unseen, .graph-frame, .grid-frame"))
    .map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 40)}`);
  return asked === "nothing?" ? found.length === 0 : found;
}

/** Charts take their new width a moment after the screen has its own. */
async function staysInside(page, name) {
  try {
    await page.waitForFunction(cutOff, "nothing?");
  } catch {
    wrongs.push(...(await page.evaluate(cutOff)).map((text) => `${name}, cut off: ${text}`));
  }
}

/** The page as it is, however long. */
export async function checkAxe(page, name) {
  await page.evaluate(axe);
  wrongs.push(...(await axeFinds(page, RULES)).map((text) => `${name}: ${text}`));
}

/** The page light, dark and narrow. */
export async function check(page, name) {
  await checkAxe(page, name);
  await look(page, name, "light");
  await page.emulateMedia({ colorScheme: "dark" });
  wrongs.push(...(await contrasts(page)).map((text) => `${name}, dark: ${text}`));
  await look(page, name, "dark");
  await page.emulateMedia({ colorScheme: "light" });
  for (const size of [ENLARGED, NARROW]) {
    await page.setViewportSize(size);
    await staysInside(page, `${name} at ${size.width}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > size.width) wrongs.push(`${name}: ${wide} pixels wide on ${size.width}`);
  }
  await look(page, name, "narrow");
  await page.setViewportSize(WIDE);
}
