// One citizen's way through the wallet: bound, asked by link and by camera, consenting, reading who used her data, revoking. The same
// in every size and language; texts are not looked at here, screens and controls are.
import { film } from './camera.mjs';
import { person } from './browser.mjs';
import { RequestLog, weigh } from './log.mjs';
import { Screens } from './screens.mjs';
import { want } from './conversation.mjs';

const PIN = '270194';

export async function walk(browser, order, { width, language }) {
  const name = `${language}-${width}`;
  const context = await person(browser, { width, language });
  await context.addInitScript((chosen) => globalThis.localStorage?.setItem('language', chosen), language);
  const log = new RequestLog(context);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`${name}: ${error.message}`));
  page.on('console', (said) => said.type() === 'error' && faults.push(`${name}: ${said.text()} (${said.location().url})`));
  const screens = new Screens(page, { name, folder: order.screenshots });
  const walker = new Walker({ page, context, screens, order, log, name });
  const result = await walker.all();
  await context.close();
  return { name, ...result, faults, violations: screens.violations, screens: [...screens.seen], origins: log.origins(),
    complaints: log.complaints(order.wallet, order.members) };
}

class Walker {
  constructor(parts) {
    Object.assign(this, parts);
  }

  async all() {
    const load = await this.firstLoad();
    await this.setUp();
    await this.bind();
    const first = await want('request', { name: this.name });
    const consenting = await this.consentTo(first);
    const used = await want('query', { request: first.id });
    const beyond = await want('query', { request: first.id, beyond: true });
    const history = await this.readHistory();
    const revoking = await this.revoke(first);
    const refused = await want('query', { request: first.id });
    const filmed = await this.scanAndDeny();
    await this.lookAround();
    const offline = await this.withoutNetwork();
    return { load, consenting, revoking, history, offline, filmed, queries: [used.code, beyond.code, refused.code] };
  }

  async firstLoad() {
    const scale = await weigh(this.page, this.order.wallet);
    await this.page.goto(this.order.wallet, { waitUntil: 'networkidle' });
    return scale.taken();
  }

  /** Language is chosen already; a PIN where one is wanted. */
  async setUp() {
    await this.screens.see('setup');
    for (let step = 0; step < 6 && (await this.on('setup')); step += 1) {
      for (const field of await this.page.locator('input[name^="pin"]').all()) await field.fill(PIN);
      await this.screens.tap('continue');
      await this.page.waitForLoadState('networkidle');
    }
    await this.screens.see('home');
  }

  on(screen) {
    return this.page.locator(`main[data-screen="${screen}"]`).isVisible();
  }

  async bind() {
    const offer = await want('offer', { name: this.name });
    await this.page.goto(offer.wallet_link);
    await this.screens.see('offer');
    await this.page.locator('input[name="tx_code"]').fill(offer.tx_code);
    await this.screens.tap('redeem');
    await this.screens.see('home');
  }

  /** By link; taps are counted from the card to the receipt. */
  async consentTo(request) {
    await this.page.goto(request.wallet_link);
    await this.screens.see('request');
    const taps = await this.screens.counting(async () => {
      await this.screens.tap('allow');
      await this.confirmed();
      await this.screens.see('receipt');
    });
    const { state } = await want('state', { request: request.id });
    return { taps, state };
  }

  /** Where a second tap or the PIN is asked for, it counts. */
  async confirmed() {
    const pin = this.page.locator('input[name="pin"]');
    if (await pin.isVisible()) await pin.fill(PIN);
    if (await this.screens.has('confirm')) await this.screens.tap('confirm');
  }

  async readHistory() {
    await this.home();
    await this.screens.tap('open-history');
    await this.screens.see('history');
    const rows = this.page.locator('[data-outcome]');
    await rows.first().waitFor();
    return rows.evaluateAll((all) => all.map(({ dataset }) => [dataset.outcome, dataset.code ?? null]));
  }

  /** From where the consent is shown; taps are counted to where it is shown as ended. */
  async revoke(request) {
    await this.home();
    await this.screens.tap('open-consents');
    await this.screens.see('consents');
    await this.screens.tap('open-consent');
    await this.screens.see('consent');
    const taps = await this.screens.counting(async () => {
      await this.screens.tap('revoke');
      await this.confirmed();
      await this.page.locator('[data-status="revoked"]').first().waitFor();
    });
    await this.screens.shoot('revoked');
    const { state } = await want('state', { request: request.id });
    return { taps, state };
  }

  /** The second request is a code before the camera; she says no. */
  async scanAndDeny() {
    const request = await want('request', { name: this.name });
    film(this.order.camera, request.link);
    await this.home();
    await this.screens.tap('scan');
    await this.page.locator('main[data-screen="scan"], main[data-screen="request"]').first().waitFor();
    await this.screens.see('request');
    await this.screens.tap('deny');
    await this.page.locator('main[data-screen="home"], main[data-screen="receipt"]').first().waitFor();
    film(this.order.camera, undefined);
    return want('state', { request: request.id });
  }

  /** Every other screen that home leads to. */
  async lookAround() {
    for (const screen of ['scan', 'notices', 'benefits', 'grievance', 'help', 'settings']) {
      await this.home();
      const control = screen === 'scan' ? 'scan' : `open-${screen}`;
      if (!(await this.screens.has(control))) continue;
      await this.screens.tap(control);
      await this.screens.see(screen);
    }
    await this.home();
  }

  async home() {
    if (await this.on('home')) return;
    await this.screens.tap('open-home');
    await this.screens.see('home');
  }

  /** The network is cut, the page loaded again: what she has is there to read. */
  async withoutNetwork() {
    await this.page.waitForFunction(() => navigator.serviceWorker?.controller !== null || navigator.serviceWorker.ready);
    await this.context.setOffline(true);
    await this.page.reload();
    if (await this.page.locator('main[data-screen="unlock"]').isVisible().catch(() => false)) await this.unlock();
    await this.screens.see('home');
    await this.screens.tap('open-consents');
    await this.screens.see('consents');
    const consents = await this.page.locator('[data-status]').count();
    await this.context.setOffline(false);
    return { consents };
  }

  async unlock() {
    await this.screens.see('unlock');
    await this.page.locator('input[name="pin"]').fill(PIN);
    await this.screens.tap('continue');
  }
}
