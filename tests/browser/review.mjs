// Officers at the console, in a real browser: evidence is looked at, an objection is entered at the counter and its slip made, two persons
// find it right. Every page on the way is held against axe-core in each size and language.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, person } from './browser.mjs';
import { done, opening, want } from './conversation.mjs';
import { RequestLog } from './log.mjs';
import { Screens } from './screens.mjs';
import { words } from './words.mjs';

const PASSWORD = 'seven-lamps-on-a-long-table';

const SAID = { hi: 'मैं जीवित हूँ और स्वयं आपके सामने खड़ी हूँ।', en: 'I am alive, and I stand before you.' };
const PAPERS = { hi: 'जीवन प्रमाणपत्र, तहसीलदार धमतरी\nराशन कार्ड', en: 'Life certificate, Tehsildar Dhamtari\nRation card' };
const WHY = { hi: 'वे प्रमाणपत्र के साथ स्वयं मेरे सामने आईं।', en: 'She came to me in person, with her certificate.' };
/** What is photographed, whole. */
const SHOTS = new Set(['contested', 'slip', 'letter', 'objection', 'triggers', 'timeline', 'places'].map((name) => `page-review-${name}`));

/** Evidence is longer than a screen. */
class Pages extends Screens {
  async shoot(screen) {
    if (!this.folder || !SHOTS.has(screen)) return;
    mkdirSync(this.folder, { recursive: true });
    await this.page.screenshot({ path: join(this.folder, `${screen}-${this.name}.png`), fullPage: true });
  }
}

/** One officer at her own browser. */
class Officer {
  constructor(parts) {
    Object.assign(this, parts);
  }

  async comeIn(account) {
    const { link } = await want('invite', { account });
    await this.page.goto(link);
    for (const field of await this.page.locator('input[type="password"]').all()) await field.fill(PASSWORD);
    await this.send('accept');
    await this.page.locator('input[name="name"]').fill(account);
    await this.page.locator('input[name="password"]').fill(PASSWORD);
    await this.send('sign-in');
  }

  /** Sends a form or follows a link, and waits for the page that answers. */
  async send(what) {
    await Promise.all([this.page.waitForNavigation(), this.page.locator(`[data-do="${what}"]`).first().click()]);
  }

  async open(path, screen) {
    const reply = await this.page.goto(this.department + path);
    if (reply.status() !== 200) throw new Error(`${this.name}: ${path}: ${reply.status()}`);
    await this.look(screen);
  }

  /** A page that stands, in the language that the browser asked for. */
  async look(screen) {
    await this.page.locator('main h1').waitFor();
    const language = await this.page.locator('html').getAttribute('lang');
    if (language !== this.language) throw new Error(`${this.name}: ${screen} is in ${language}`);
    if (!this.screens.seen.has(`page-${screen}`)) await this.screens.look(`page-${screen}`);
  }

  state() {
    return this.page.locator('[data-value="state"]').getAttribute('data-state');
  }

  /** Says that the objection is right. */
  async reverses(decision) {
    await this.page.goto(`${this.department}/console/review/${decision}`);
    await this.page.locator('#reversed').check();
    await this.page.locator('#reason').fill(WHY[this.language]);
    await this.send('decide');
  }
}

async function walk(browser, order, { width, language }) {
  const name = `${language}-${width}`;
  const contexts = [await person(browser, { width, language }), await person(browser, { width, language })];
  const logs = contexts.map((context) => new RequestLog(context));
  const text = words(language, 'review');
  const seen = new Set();
  const officers = [];
  for (const context of contexts) {
    const page = await context.newPage();
    const screens = new Pages(page, { name, folder: order.screenshots, text });
    screens.seen = seen;
    officers.push(new Officer({ page, screens, text, department: order.department, name, language }));
  }
  const [first, second] = officers;
  await first.comeIn(`first-${name}`);
  await second.comeIn(`second-${name}`);
  const told = await review(first, second, await want('case', { name }));
  const { whole } = await around(first);
  for (const context of contexts) await context.close();
  return {
    name, ...told, whole, screens: seen.size, violations: officers.flatMap(({ screens }) => screens.violations),
    complaints: logs.flatMap((log) => log.complaints(order.department, [])),
  };
}

/** The heaviest pages once more, in the other language at this size. */
async function look(browser, order, { width, language }, decision) {
  const name = `${language}-${width}`;
  const context = await person(browser, { width, language });
  const page = await context.newPage();
  const text = words(language, 'review');
  const screens = new Pages(page, { name, text });
  const officer = new Officer({ page, screens, text, department: order.department, name, language });
  await officer.comeIn(`looks-${name}`);
  await officer.open(`/console/review/${decision}`, 'review-reversed');
  await officer.open('/console/review', 'review-list');
  await officer.open('/console/objections', 'review-counter');
  await officer.open('/console/triggers', 'review-triggers');
  await officer.open('/console/matching', 'review-matching');
  await context.close();
  return { name, screens: screens.seen.size, violations: screens.violations };
}

/** From the evidence to the reversal; what was seen on the way. */
async function review(first, second, { decision, number, ...letter }) {
  const states = [];
  await first.open(`/console/review/${decision}`, 'review-held');
  states.push(await first.state());
  await first.send('letter');
  await first.look('review-letter');
  await first.open('/console/review', 'review-list');
  await first.send('places');
  await first.look('review-places');
  await first.open('/console/objections', 'review-counter');
  await first.page.locator('#case').fill(letter.case);
  await first.page.locator('#number').fill(number);
  await first.send('find-decision');
  await first.page.locator('#words').fill(SAID[first.language]);
  await first.page.locator('#papers').fill(PAPERS[first.language]);
  await first.look('review-objection');
  await first.send('enter-objection');
  await first.look('review-slip');
  const languages = await first.page.locator('.slip section[lang]').evaluateAll((all) => all.map((one) => one.lang));
  await first.open('/console/review', 'review-list');
  await Promise.all([first.page.waitForNavigation(), first.page.locator(`[data-decision="${decision}"] [data-do="open"]`).click()]);
  await first.look('review-contested');
  states.push(await first.state());
  await first.reverses(decision);
  await first.look('review-first');
  states.push(await first.state());
  const script = await first.page.evaluate(() => document.documentElement.classList.contains('scripted'));
  const refused = await again(first, decision);
  await second.reverses(decision);
  await second.look('review-reversed');
  states.push(await second.state());
  await want('paid', { number });
  await second.send('timeline');
  await second.look('review-timeline');
  return { decision, states, languages, refused, script };
}

/** The same officer once more, past the page that does not offer it. */
async function again({ page, department }, decision) {
  await page.goto(`${department}/console/review/${decision}`);
  const submit = (which) => {
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: '/console/review/decide' });
    const token = document.querySelector('input[name=form_token]').value;
    for (const [name, value] of Object.entries({ form_token: token, decision: which, outcome: 'reversed', reason: 'I say so twice over.' })) {
      const field = document.createElement('input');
      Object.assign(field, { type: 'hidden', name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  };
  await Promise.all([page.waitForNavigation(), page.evaluate(submit, decision)]);
  return page.locator('[data-code]').first().getAttribute('data-code');
}

/** What stands around it: life events, rolls, breakers, who is meant. */
async function around(officer) {
  await officer.open('/console/triggers', 'review-triggers');
  await officer.open('/console/review/breakers', 'review-breakers');
  await officer.open('/console/matching', 'review-matching');
  await officer.open('/console/rolls', 'review-rolls');
  await officer.send('verify');
  await officer.look('review-compared');
  return { whole: (await officer.page.locator('section[data-roll] .done').count()) === 1 };
}

const order = await opening();
const browser = await launch(order);
try {
  const walks = [];
  for (const way of order.walks) walks.push(await walk(browser, order, way));
  const looks = [];
  for (const way of order.looks) looks.push(await look(browser, order, way, walks[0].decision));
  done({ walks, looks, screens: [...walks, ...looks].reduce((sum, { screens }) => sum + screens, 0) });
} finally {
  await browser.close();
}
process.exit(0);
