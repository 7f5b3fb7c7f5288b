// A department's own pages: those for everybody, and those for officers who sign in. Each is looked at in each size and language.
import { person } from './browser.mjs';
import { want } from './conversation.mjs';
import { RequestLog } from './log.mjs';
import { Screens } from './screens.mjs';

const PUBLIC = ['/sign-in', '/status', '/transparency', '/problems', '/problems/consent-revoked', '/problems/law-quota-exceeded', '/accessibility', '/privacy'];
const OFFICERS = ['/console', '/console/users', '/console/keys', '/console/audit', '/console/break-glass', '/console/links', '/console/schemes', '/console/schemes/new', '/console/assisted'];
const PASSWORD = 'seven-lamps-on-a-long-table';

export async function visit(browser, order, { width, language }) {
  const name = `${language}-${width}`;
  const context = await person(browser, { width, language });
  const log = new RequestLog(context);
  const page = await context.newPage();
  const screens = new Screens(page, { name, folder: order.screenshots, text: (key) => key });
  const visitor = new Visitor({ page, screens, department: order.department, name, language });
  const errors = await visitor.all();
  await context.close();
  return { name, errors, screens: [...screens.seen], violations: screens.violations, complaints: log.complaints(order.department, []) };
}

/** A visitor to a department's pages. */
export class Visitor {
  constructor(parts) {
    Object.assign(this, parts);
  }

  async all() {
    for (const path of PUBLIC) await this.open(path);
    const errors = [await this.signIn('nobody', PASSWORD), await this.error('/invitation?code=none')];
    const account = await this.invited(async () => errors.push(await this.choose('aaaaaaaaaaaaaa')));
    errors.push(await this.choose(PASSWORD), await this.signIn(account, PASSWORD));
    for (const path of OFFICERS) await this.open(path);
    await this.send('sign-out');
    await this.shown('signed out');
    await this.page.goto(`${this.department}/console`);
    errors.push(new URL(this.page.url()).pathname);
    return errors;
  }

  /** An account whose invitation is open, after what else is tried with it. */
  async invited(first) {
    const { account, link } = await want('invite', { name: this.name });
    await this.page.goto(link);
    await this.shown('invitation');
    await first?.();
    return account;
  }

  /** Signs in as somebody who was just invited. */
  async comeIn() {
    const account = await this.invited();
    await this.choose(PASSWORD);
    await this.signIn(account, PASSWORD);
  }

  /** Sends a form and waits for the page that answers it: the one that was there already is loaded, too. */
  async send(form) {
    await Promise.all([this.page.waitForNavigation(), this.page.locator(`[data-do="${form}"]`).click()]);
  }

  async open(path) {
    const reply = await this.page.goto(this.department + path);
    if (reply.status() !== 200) throw new Error(`${this.name}: ${path}: ${reply.status()}`);
    await this.shown(path.slice(1).replaceAll('/', '-'));
  }

  /** A page that stands, in the language that the browser asked for. */
  async shown(screen) {
    await this.page.locator('main h1').waitFor();
    const language = await this.page.locator('html').getAttribute('lang');
    if (language !== this.language) throw new Error(`${this.name}: ${screen} is in ${language}`);
    await this.screens.look(`page-${screen}`);
  }

  async error(path) {
    await this.page.goto(this.department + path);
    return this.told(path.replaceAll(/[^a-z]+/g, '-'));
  }

  /** The code that the page tells, if it tells one. */
  async told(screen) {
    const told = this.page.locator('[data-error]');
    if ((await told.count()) === 0) return null;
    await this.shown(`error-${screen}`);
    return told.first().getAttribute('data-error');
  }

  async signIn(account, password) {
    await this.page.goto(`${this.department}/sign-in`);
    await this.page.locator('input[name="name"]').fill(account);
    await this.page.locator('input[name="password"]').fill(password);
    await this.send('sign-in');
    return this.told('sign-in');
  }

  async choose(password) {
    for (const field of await this.page.locator('input[type="password"]').all()) await field.fill(password);
    await this.send('accept');
    return this.told('invitation');
  }
}
