// Opens a report in a headless Chromium, uses it as a person would, and prints what came of it as JSON.
//
// Run: node check.mjs FILE
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import chromium from "@sparticuz/chromium";
import puppeteer from "puppeteer-core";

const file = pathToFileURL(process.argv[2]).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { width: 360, height: 740, isMobile: true, hasTouch: true };
const DESKTOP = { width: 1280, height: 900 };
const seen = { console: [], errors: [], requests: [], dialogs: [] };

const browser = await puppeteer.launch({
  executablePath: await chromium.executablePath(),
  args: [...chromium.args, "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  headless: "shell",
});

const opened = async (viewport, scheme = "light", hash = "") => {
  const page = await browser.newPage();
  page.on("console", (message) => seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("dialog", (dialog) => seen.dialogs.push(dialog.message()) && dialog.dismiss());
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== file && !url.startsWith("data:")) seen.requests.push(url);
  });
  await page.setViewport(viewport);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(file + hash);
  return page;
};
const evil = (page) => page.evaluate(() => window.evil ?? null);
const settled = () => new Promise((done) => setTimeout(done, 250));
const said = (page, of) => page.$eval(`#${of}-said`, (element) => element.textContent);
const column = (page, title) =>
  page.$$eval("#rows tr", (rows, title) => rows.map((row) => row.querySelector(`[data-title="${title}"]`).textContent), title);
const chosen = async (page, selector, value) => {
  await page.select(selector, value);
  await settled();
};
const typed = async (page, selector, text) => {
  await page.$eval(selector, (input) => (input.value = ""));
  await page.type(selector, text);
  await settled();
};

const sorting = async (page) => {
  const sort = async (key) => {
    await page.click(`th[data-key=${key}] button`);
    const states = await page.$$eval("#faces th", (heads) => heads.map((head) => head.getAttribute("aria-sort")));
    return { state: await page.$eval(`th[data-key=${key}]`, (head) => head.getAttribute("aria-sort")), others: states.filter((state) => state !== "none").length };
  };
  await chosen(page, "#faces-size", "0");
  const found = {};
  for (const way of ["up", "down"]) found[way] = { ...(await sort("cosine")), values: await column(page, "Cosine") };
  found.name = { ...(await sort("who")), values: await column(page, "Closest person") };
  await page.focus("th[data-key=number] button");
  await page.keyboard.press("Enter");
  found.byKey = await column(page, "Face");
  await chosen(page, "#faces-size", "100");
  return found;
};

const filtering = async (page) => {
  const found = { all: await said(page, "faces") };
  await chosen(page, "#faces-decision", "1");
  found.kept = { said: await said(page, "faces"), decisions: [...new Set(await column(page, "Decision"))] };
  await chosen(page, "#faces-rule", "by hand");
  found.byHand = { said: await said(page, "faces"), rules: await column(page, "Rule") };
  await chosen(page, "#faces-decision", "");
  await chosen(page, "#faces-rule", "");
  await page.click("#faces-review");
  await settled();
  found.review = { said: await said(page, "faces"), rules: [...new Set(await column(page, "Rule"))].length };
  await page.click("#faces-review");
  await typed(page, "#faces-text", "<SCRIPT>window.evil=1");
  found.text = { said: await said(page, "faces"), names: [...new Set(await column(page, "Closest person"))] };
  await typed(page, "#faces-text", "nobody is called that");
  found.nothing = { said: await said(page, "faces"), rows: (await column(page, "Face")).length };
  await page.$eval("#faces-text", (input) => (input.value = ""));
  await page.type("#faces-text", " ");
  await settled();
  return found;
};

const paging = async (page, of, count) => {
  const counts = [];
  for (;;) {
    counts.push(await page.$$eval(count, (elements) => elements.length));
    if (await page.$eval(`#${of}-on`, (button) => button.disabled)) break;
    await page.click(`#${of}-on`);
  }
  const last = await said(page, of);
  await page.click(`#${of}-back`);
  return { counts, last, before: await said(page, of) };
};

const tip = (page) => page.$eval("#tip", (element) => (element.hidden ? null : element.innerText));
const boxes = async (page) => {
  const found = {};
  const at = async (number) => {
    const box = (await page.$$(".box"))[number];
    await box.scrollIntoView();
    const { x, y, width, height } = await box.boundingBox();
    return [box, x + width / 2, y + height / 2];
  };
  const [, x, y] = await at(0);
  await page.mouse.move(x, y);
  found.hovered = await tip(page);
  await page.mouse.move(5, 5);
  await settled();
  found.left = await tip(page);
  const [box] = await at(1);
  await page.evaluate((element) => element.focus(), (await page.$$(".box"))[0]);
  await page.keyboard.press("Tab");
  found.focused = await tip(page);
  found.label = await page.evaluate((element) => [document.activeElement === element, element.ariaLabel, element.getAttribute("aria-describedby")], box);
  await page.keyboard.press("Escape");
  found.escaped = await tip(page);
  return found;
};
const tapping = async (page) => {
  const box = (await page.$$(".box"))[0];
  await box.scrollIntoView();
  await box.tap();
  await settled();
  const tapped = await tip(page);
  const inside = await page.$eval("#tip", (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
  });
  await box.tap();
  await settled();
  return { tapped, inside, again: await tip(page) };
};

const violations = async (page) => {
  await page.evaluate(axe);
  const { violations: found, passes } = await page.evaluate(() => axe.run());
  return { passes: passes.length, violations: found.map((one) => `${one.id}: ${one.nodes[0].html}`) };
};
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

const result = { axe: {}, overflow: {} };
try {
  const page = await opened(DESKTOP);
  result.title = await page.title();
  result.notes = await page.$$eval(".note", (notes) => notes.filter((note) => note.checkVisibility()).map((note) => note.textContent));
  result.text = await page.$eval("main", (main) => main.textContent);
  result.scripts = await page.$$eval("script:not([type])", (scripts) => scripts.length);
  result.pictures = await page.$$eval("article img", async (images) => {
    await Promise.all(images.map((image) => ((image.loading = "eager"), image.decode())));
    return images.map((image) => image.naturalWidth);
  });
  result.sorting = await sorting(page);
  result.filtering = await filtering(page);
  result.paging = { faces: await paging(page, "faces", "#rows tr"), photos: await paging(page, "photos", "article") };
  result.boxes = await boxes(page);
  await chosen(page, "#photos-kind", "review");
  result.toReview = await said(page, "photos");
  await page.click("#review a");
  result.linked = await page.evaluate(() => document.activeElement.closest("article").id);
  result.evil = [await evil(page)];
  await page.emulateMediaType("print");
  result.printed = { pdf: (await page.pdf()).length, controls: await page.$eval("#faces-form", (form) => form.checkVisibility()) };
  await page.close();
  const phone = await opened(PHONE, "dark", "#photo-50");
  result.addressed = await phone.$eval("article.meant", (card) => card.id);
  result.tapping = await tapping(phone);
  result.evil.push(await evil(phone));
  await phone.close();
  for (const [name, viewport] of [["phone", PHONE], ["desktop", DESKTOP]]) {
    for (const scheme of ["light", "dark"]) {
      const looked = await opened(viewport, scheme);
      await looked.$$eval("details", (all) => all.forEach((one) => (one.open = true)));
      await looked.focus(".box");
      result.axe[`${name} ${scheme}`] = await violations(looked);
      result.overflow[`${name} ${scheme}`] = await overflow(looked);
      result.evil.push(await evil(looked));
      await looked.close();
    }
  }
  const still = await browser.newPage();
  await still.setJavaScriptEnabled(false);
  await still.goto(file);
  result.withoutScript = await still.$eval("main", (main) => main.innerText);
  console.log(JSON.stringify({ ...seen, ...result }));
} finally {
  await browser.close();
}
