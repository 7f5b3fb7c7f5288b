// Lighthouse on the wallet's first page, several times; the medians. One JSON document on standard input, one on standard output.
import { readFileSync } from 'node:fs';
import { launch } from 'chrome-launcher';
import lighthouse from 'lighthouse';

const { wallet, keys, runs, chromium } = JSON.parse(readFileSync(0, 'utf8'));

async function once() {
  const chrome = await launch({
    chromePath: chromium ?? '/usr/bin/chromium',
    chromeFlags: ['--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', `--ignore-certificate-errors-spki-list=${keys.join(',')}`],
  });
  try {
    const { lhr } = await lighthouse(wallet, { port: chrome.port, output: 'json', logLevel: 'error', onlyCategories: ['performance', 'accessibility', 'best-practices'] });
    return lhr.categories;
  } finally {
    await chrome.kill();
  }
}

const all = [];
for (let run = 0; run < runs; run += 1) all.push(await once());
const median = (name) => {
  const scores = all.map((categories) => Math.round(categories[name].score * 100)).sort((a, b) => a - b);
  return scores[Math.floor(scores.length / 2)];
};
console.log(JSON.stringify({ performance: median('performance'), accessibility: median('accessibility'), practices: median('best-practices'), runs }));
