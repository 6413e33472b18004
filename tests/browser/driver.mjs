// Drives one Chromium for the tests: each line in is {"code","argument"}, the body of an async function of
// (page, argument, browser); each line out is {"value"} or {"error"}.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { chromium } = createRequire(process.env.SUNDIAL_PLAYWRIGHT + "/")("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.SUNDIAL_CHROMIUM, args: ["--no-sandbox"] });
const wrongs = [];

// What goes wrong on a page without anybody asking: errors of its script, what the policy blocked.
async function open(options) {
  const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(120000);  // as long as a slow machine needs
  page.on("pageerror", (error) => wrongs.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) wrongs.push(message.text());
  });
  return page;
}

let page = await open({});
console.log(JSON.stringify({ value: "ready" }));
for await (const line of createInterface({ input: process.stdin })) {
  const { code, argument, options } = JSON.parse(line);
  try {
    if (options) {
      await page.context().close();
      page = await open(options);
    }
    const run = Object.getPrototypeOf(async () => {}).constructor("page", "argument", "wrongs", code);
    console.log(JSON.stringify({ value: (await run(page, argument, wrongs)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
await browser.close();
