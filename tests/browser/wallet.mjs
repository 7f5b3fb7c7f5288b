// One citizen's way through the wallet: bound, asked by link and by camera, consenting, reading who used her data, stopping it. The same
// in every size and language.
import { person } from './browser.mjs';
import { film } from './camera.mjs';
import { want } from './conversation.mjs';
import { RequestLog, weigh } from './log.mjs';
import { Screens } from './screens.mjs';
import { pattern, words } from './words.mjs';

export const PIN = '270194';

export async function walk(browser, order, { width, language }, walksBefore) {
  const name = `${language}-${width}`;
  const context = await person(browser, { width, language });
  const log = new RequestLog(context);
  const page = await context.newPage();
  const faults = listen(page, name);
  const screens = new Screens(page, { name, folder: order.screenshots, text: words(language) });
  const walker = new Walker({ page, context, screens, order, walksBefore, why: words(language, 'refusals') });
  const result = await walker.all();
  await context.close();
  return { name, ...result, faults, violations: screens.violations, screens: [...screens.seen], origins: log.origins(),
    complaints: log.complaints(order.wallet, order.members) };
}

/** What the page itself complains of; nothing is expected while there is a network. */
export function listen(page, name) {
  const faults = [];
  page.on('pageerror', (error) => faults.push(`${name}: ${error.message}`));
  page.on('console', (said) => {
    const cut = said.text().includes('ERR_INTERNET_DISCONNECTED');
    if (said.type() === 'error' && !cut) faults.push(`${name}: ${said.text()} (${said.location().url})`);
  });
  return faults;
}

async function choosePin(page, screens) {
  await screens.tap('welcome-begin');
  await screens.see('pin', 'pin-new-title');
  for (const field of await page.locator('input[type="password"]').all()) await field.fill(PIN);
  await screens.tap('pin-set');
  await screens.see('unbound', 'home-hello', 'a[href="#/open"]');
}

async function redeem(page, screens, offer) {
  await page.goto(offer.wallet_link);
  await screens.see('offer', 'offer-title', 'main input');
  await page.locator('main input').fill(offer.tx_code);
  await screens.tap('offer-go');
  await screens.see('bound', 'offer-done-title');
}

/** A wallet of somebody else, from nothing to bound. */
export async function begin(page, screens, order, offer) {
  await page.goto(order.wallet);
  await screens.see('welcome', 'welcome-title');
  await choosePin(page, screens);
  await redeem(page, screens, offer);
}

class Walker {
  constructor(parts) {
    Object.assign(this, parts);
  }

  async all() {
    const load = await this.firstLoad();
    await this.setUp();
    await this.bind();
    const first = await want('request');
    const consenting = await this.consentTo(first);
    const used = await want('query', { request: first.id });
    const beyond = await want('query', { request: first.id, beyond: true });
    const history = await this.readHistory();
    await this.pauseUnheard();
    const revoking = await this.revoke(first);
    const refused = await want('query', { request: first.id });
    const filmed = await this.scanAndDeny();
    await this.lookAround();
    const offline = await this.withoutNetwork();
    return { load, consenting, revoking, history, offline, filmed, queries: [used.code, beyond.code, refused.code] };
  }

  async firstLoad() {
    const scale = await weigh(this.page, this.order.wallet);
    await this.page.goto(this.order.wallet);
    await this.screens.see('welcome', 'welcome-title');
    await this.page.waitForLoadState('networkidle');
    return scale.taken();
  }

  setUp() {
    return choosePin(this.page, this.screens);
  }

  async bind() {
    await redeem(this.page, this.screens, await want('offer'));
  }

  /** By link; taps are counted from the card to the receipt. */
  async consentTo(request) {
    await this.page.goto(request.wallet_link);
    await this.screens.see('request', 'request-title', '[data-testid="card"]');
    const taps = await this.screens.counting(async () => {
      await this.screens.tap('request-allow');
      await this.screens.see('allowed', 'allowed-title', 'main li');
    });
    const { state } = await want('state', { request: request.id });
    return { taps, state };
  }

  /** Who used her data: an answer and a refusal in each walk, as the departments tell it; she is the same person in all of them. */
  async readHistory() {
    await this.screens.place('/uses');
    await this.page.locator('main li a').nth(2 * this.walksBefore + 1).waitFor();
    await this.screens.see('uses', 'uses-title');
    const rows = await this.page.locator('main li a span').allInnerTexts();
    const kind = (name) => pattern(this.screens.text(`use-${name}`));
    const said = (row) => ['answered', 'refused'].find((name) => kind(name).test(row)) ?? row;
    await this.page.locator('main li a').filter({ has: this.page.locator('span', { hasText: kind('refused') }) }).first().click();
    await this.screens.see('use', 'use-title', 'main dl, main table, main section');
    // Why, in her language.
    await this.page.getByText(this.why('code-consent-scope-exceeded')).first().waitFor();
    return rows.map(said).sort();
  }

  /** She pauses without a network: kept, not yet in force, and said so; then it goes out by itself. She lets it go on again. */
  async pauseUnheard() {
    await this.screens.place('/consents');
    await this.page.locator('main li a').first().click();
    await this.screens.see('consent active', 'consent-title', 'details');
    await this.context.setOffline(true);
    await this.screens.tap('consent-pause');
    await this.page.getByText(this.screens.text('consent-status-pausing')).first().waitFor();
    await this.screens.look('consent queued');
    await this.screens.place('/consents');
    await this.page.getByText(this.screens.text('consent-status-pausing')).first().waitFor();
    // The list that she looks at changes by itself.
    await this.context.setOffline(false);
    await this.page.locator('.tag.paused').getByText(this.screens.text('consent-status-paused')).first().waitFor();
    await this.screens.look('consents paused');
    await this.page.locator('main li a').first().click();
    await this.screens.see('consent paused', 'consent-title', 'details');
    await this.screens.tap('consent-resume');
    await this.page.getByText(this.screens.text('consent-resumed')).first().waitFor();
  }

  /** From home, where a consent that holds is shown; taps are counted to where it is shown as stopped. */
  async revoke(request) {
    await this.screens.place('/');
    await this.screens.see('home', 'home-hello-name', 'main li.row-item button');
    const taps = await this.screens.counting(async () => {
      await this.screens.tap('consent-stop');
      await this.page.getByText(this.screens.text('consent-stopped')).first().waitFor();
    });
    await this.screens.place('/consents');
    await this.screens.see('consents', 'consents-title', '.tag.revoked');
    await this.page.locator('main li a').first().click();
    await this.screens.see('consent', 'consent-title', 'details');
    return { taps };
  }

  /** The second request is a code before the camera; she says no. */
  async scanAndDeny() {
    const request = await want('request');
    film(this.order.camera, request.qr);
    await this.screens.place('/open');
    await this.screens.see('open', 'open-title');
    await this.screens.tap('open-camera');
    await this.screens.see('request by camera', 'request-title', '[data-testid="card"]');
    await this.screens.tap('request-deny');
    await this.screens.see('denied', 'denied-title');
    film(this.order.camera, undefined);
    return want('state', { request: request.id });
  }

  /** Every other screen. */
  async lookAround() {
    for (const [path, key, more] of [['/notices', 'notices-title', 'fieldset'], ['/tie', 'tie-title', 'form'], ['/help', 'help-title', 'dl, section']]) {
      await this.page.goto(`${this.order.wallet}/#${path}`);
      await this.screens.see(path.slice(1), key, more);
    }
    for (const details of await this.page.locator('main details').all()) await details.locator('summary').click();
    await this.screens.look('help opened');
    await this.screens.place('/uses');
    await this.page.locator('main li a').first().click();
    await this.screens.see('use', 'use-title');
    await this.screens.tap('use-complain');
    await this.screens.see('complaint', 'complaint-title', 'textarea');
  }

  /** The network is cut and the page loaded again: what she has is there to read. */
  async withoutNetwork() {
    await this.page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await this.context.setOffline(true);
    await this.page.goto(`${this.order.wallet}/#/`);
    await this.page.reload();
    await this.screens.see('locked', 'locked-title', 'input[type="password"]');
    await this.page.locator('input[type="password"]').fill('918273');
    await this.screens.tap('locked-open');
    await this.page.locator('main [role="alert"]').first().waitFor();
    await this.screens.look('locked, wrong PIN');
    await this.page.locator('input[type="password"]').fill(PIN);
    await this.screens.tap('locked-open');
    await this.screens.see('home offline', 'home-hello-name', 'a[href="#/open"]');
    await this.screens.place('/consents');
    await this.screens.see('consents offline', 'consents-title', 'li.row-item');
    const consents = await this.page.locator('li.row-item').count();
    await this.context.setOffline(false);
    return { consents };
  }
}
