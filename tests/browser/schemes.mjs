// Two officers bring a scheme into force and take it back: a key made by each one's browser, a file with a mistake and its arrow, a back-test,
// the sample of leavers, two signatures, the day, the way back; and what is refused before its time.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { person } from './browser.mjs';
import { want } from './conversation.mjs';
import { RequestLog } from './log.mjs';
import { Visitor } from './pages.mjs';
import { Screens } from './screens.mjs';

/** What is photographed, whole: these pages are longer than a screen. */
const SHOTS = new Set(['lint', 'backtest', 'leavers', 'sign', 'in-force'].map((name) => `page-scheme-${name}`));

class Pages extends Screens {
  async shoot(screen) {
    if (!this.folder || !SHOTS.has(screen)) return;
    mkdirSync(this.folder, { recursive: true });
    await this.page.screenshot({ path: join(this.folder, `${screen}-${this.name}.png`), fullPage: true });
  }
}

export async function govern(browser, order, way, place) {
  const name = `schemes-${way.language}-${way.width}`;
  const [asha, binod] = [await officer(browser, order, way, `asha-${name}`, name), await officer(browser, order, way, `binod-${name}`, name)];
  for (const one of [asha, binod]) await one.makeKey();
  await asha.confirm(binod);
  await binod.confirm(asha);
  const result = await new Scheme(asha, binod, place + 1).all();
  const complaints = [asha, binod].flatMap(({ log }) => log.complaints(order.department, []));
  for (const { context } of [asha, binod]) await context.close();
  const screens = [asha, binod].map((one) => one.screens);
  return { ...result, name, complaints, screens: screens.flatMap(({ seen }) => [...seen]), violations: screens.flatMap(({ violations }) => violations),
    faults: [...asha.faults, ...binod.faults] };
}

async function officer(browser, order, { width, language }, account, name) {
  const context = await person(browser, { width, language });
  const page = await context.newPage();
  const [log, faults] = [new RequestLog(context), []];
  page.on('pageerror', (error) => faults.push(`${account}: ${error.message}`));
  const screens = new Pages(page, { name: `${language}-${width}`, folder: order.screenshots, text: (key) => key });
  const one = new Officer({ page, screens, department: order.department, name: account, language, log, context, faults });
  await one.comeIn();
  return one;
}

class Officer extends Visitor {
  async makeKey() {
    await this.page.goto(`${this.department}/console/keys`);
    await this.page.locator('[data-do="make-key"]').click();
    await this.page.locator('.key-made code').waitFor();
    this.thumbprint = await this.page.locator('[data-value="thumbprint"]').innerText();
    await this.shown('scheme-key');
    await this.send('register-key');
  }

  /** Confirms the other's key, whose thumbprint stands on the page. */
  async confirm(other) {
    await this.page.goto(`${this.department}/console/keys`);
    const card = this.page.locator('section.card', { hasText: other.thumbprint });
    await Promise.all([this.page.waitForNavigation(), card.locator('[data-do="confirm-key"]').click()]);
  }

  /** The code with which an address, or what was just sent, is refused. */
  async refused(path) {
    if (path) await this.page.goto(this.department + path);
    const code = await this.page.locator('[data-code], [data-error]').first().evaluate(({ dataset }) => dataset.code ?? dataset.error);
    await this.shown(`scheme-refused-${code}`);
    return code;
  }

  async follow(link) {
    await this.send(link);
    await this.page.locator('main h1').waitFor();
  }

  async sign(below) {
    await this.page.goto(`${this.department}${below}`);
    const button = this.page.locator('[data-do="sign-here"]:not([disabled])');
    await button.waitFor();
    await this.shown(below.endsWith('rollback') ? 'scheme-rollback' : 'scheme-sign');
    await Promise.all([this.page.waitForNavigation(), button.click()]);
    await this.page.locator('main .done').waitFor();
  }

  async state(at) {
    await this.page.goto(this.department + at);
    return this.page.locator('[data-value="state"]').innerText();
  }
}

class Scheme {
  constructor(asha, binod, version) {
    Object.assign(this, { asha, binod, version });
  }

  async all() {
    const at = await this.write();
    const codes = [this.unclean, await this.asha.refused(`${at}/sign`)];
    const chart = await this.test(at);
    codes.push(await this.asha.refused(`${at}/sign`));
    await this.read(at);
    await this.asha.sign(`${at}/sign`);
    await this.binod.sign(`${at}/sign`);
    await this.binod.send('publish');
    await this.binod.shown('scheme-in-force');
    const published = await this.asha.state(at);
    await this.asha.page.goto(`${this.asha.department}/console/schemes`);
    await this.asha.shown('schemes');
    await this.binod.sign(`${at}/rollback`);
    const half = await this.asha.state(at);
    await this.asha.sign(`${at}/rollback`);
    return { codes, chart, arrow: this.arrow, states: [published, half, await this.asha.state(at)] };
  }

  /** A file with a mistake, its arrow, and the file without it. */
  async write() {
    const { asha } = this;
    const { text } = await want('scheme', { version: this.version });
    await asha.page.goto(`${asha.department}/console/schemes`);
    await asha.follow('new-scheme');
    await asha.page.locator('#text').fill(text.replace('at_least = 65', 'at_lest = 65'));
    await asha.send('lint');
    const [mark, arrow, finding] = ['mark.fault', 'mark.fault .arrow', '.finding.fault'].map((one) => asha.page.locator(one).first());
    const [, pointing, under] = await Promise.all([mark, arrow, finding].map((one) => one.boundingBox()));
    this.arrow = { marked: (await mark.innerText()).replace('▲', '').trim(), above: pointing.y < under.y, lines: await asha.page.locator('.file > li').count() };
    await finding.scrollIntoViewIfNeeded();
    await asha.shown('scheme-lint');
    await asha.send('submit');
    this.unclean = await asha.refused();
    await asha.page.locator('#text').fill(text);
    await asha.send('lint');
    await asha.shown('scheme-clean');
    await asha.send('submit');
    await asha.shown('scheme');
    return new URL(asha.page.url()).pathname;
  }

  /** The back-test; the page looks again by itself. What the picture and its table say of those who leave. */
  async test(at) {
    const { asha } = this;
    await asha.page.goto(`${asha.department}${at}/backtest`);
    await asha.send('backtest');
    await asha.page.locator('[data-backtest]').waitFor();
    await asha.shown('scheme-backtest');
    const leave = await asha.page.locator('.tiles .leave strong').innerText();
    return { leave, bars: await asha.page.locator('svg.chart').count(), tables: await asha.page.locator('table.numbers').count() };
  }

  async read(at) {
    const { asha } = this;
    await asha.page.goto(`${asha.department}${at}/people?moving=leave`);
    await asha.shown('scheme-leavers');
    await asha.page.locator('#read').check();
    await asha.send('read-leavers');
    await asha.shown('scheme-read');
  }
}
