// A citizen without a phone, at a centre: the operator opens a session on her department's page, the device in front of the citizen holds the
// wallet's screens, a code comes to a phone, the slip is made, nothing stays; later the slip ends what she gave.
import { person } from './browser.mjs';
import { want } from './conversation.mjs';
import { RequestLog } from './log.mjs';
import { Visitor } from './pages.mjs';
import { Screens } from './screens.mjs';
import { words } from './words.mjs';

const PHONE = '98765 43210';

export async function help(browser, order, { width, language }) {
  const name = `helped-${language}-${width}`;
  const context = await person(browser, { width, language });
  const desk = await context.newPage();
  const pages = new Screens(desk, { name, folder: order.screenshots, text: (key) => key });
  const operator = new Visitor({ page: desk, screens: pages, department: order.helper, name, language });
  const session = await open(operator);
  const [page] = await Promise.all([context.waitForEvent('page'), desk.locator('[data-do="open-wallet"]').click()]);
  const [faults, log] = [listen(page, name), new RequestLog(page)];
  const [wallet, helping] = [words(language), words(language, 'assisted')];
  const text = (key) => (key.startsWith('helped-') ? helping(key) : wallet(key));
  const screens = new Screens(page, { name, folder: order.screenshots, text });
  const given = await new Helped({ page, screens }).all(session);
  const refused = await end(operator, session, given.request);
  await context.close();
  return { ...given, name, faults, refused, session, violations: [...pages.violations, ...screens.violations],
    screens: [...pages.seen, ...screens.seen], complaints: log.complaints(order.wallet, order.members) };
}

/** A wrong code is tried once; the browser says that it was refused. */
function listen(page, name) {
  const faults = [];
  page.on('pageerror', (error) => faults.push(`${name}: ${error.message}`));
  page.on('console', (said) => {
    const refused = said.location().url.endsWith('/assisted/confirmations');
    if (said.type() === 'error' && !refused) faults.push(`${name}: ${said.text()} (${said.location().url})`);
  });
  return faults;
}

/** The operator opens a session; what the page says the office is to be told. */
async function open(operator) {
  await operator.comeIn();
  await operator.open('/console/assisted');
  await operator.send('open-session');
  await operator.shown('assisted-opened');
  const [department, session, helper] = await operator.page.locator('section[data-session] dd code').allInnerTexts();
  return { operator: department, session, person: helper };
}

/** The slip is printed again, and brought back: its consents end. */
async function end(operator, { session }, request) {
  await operator.open(`/console/assisted/${session}`);
  await operator.page.goto(`${operator.department}/console/assisted`);
  await operator.page.locator('input[name="session"]').fill(session);
  await operator.send('end-session');
  await operator.page.locator('main .done').waitFor();
  await operator.shown('assisted-ended');
  return (await want('query', { request })).code;
}

class Helped {
  constructor(parts) {
    Object.assign(this, parts);
  }

  async all(session) {
    await this.bind(session);
    const request = await want('request');
    await this.decide(request);
    const { state } = await want('state', { request: request.id });
    const used = await want('query', { request: request.id });
    return { request: request.id, state, used: used.code, ...(await this.finish()) };
  }

  async bind(session) {
    await this.screens.see('invitation at a centre', 'helped-title', 'main form');
    const offer = await want('offer', { assisted: session });
    await this.page.locator('main textarea').fill(offer.wallet_link);
    await this.page.locator('main input').fill(offer.tx_code);
    await this.screens.tap('offer-go');
  }

  async decide(request) {
    await this.screens.see('request at a centre', 'helped-ask-title', 'main textarea');
    await this.page.locator('main textarea').fill(request.wallet_link);
    await this.screens.tap('open-paste-go');
    await this.screens.see('card at a centre', 'request-title', '[data-testid="card"]');
    await this.page.getByText(this.screens.text('helped-method-otp-read-out')).click();
    await this.page.locator('main input[type="tel"]').fill(PHONE);
    await this.screens.tap('helped-send');
    const field = this.page.locator('main form input[inputmode="numeric"]');
    await field.waitFor();
    await this.screens.look('code at a centre');
    const { code } = await want('code');
    await field.fill(code === '000000' ? '000001' : '000000');
    await this.screens.tap('helped-allow');
    await this.page.getByText(this.screens.text('helped-code-wrong')).waitFor();
    await this.screens.look('wrong code at a centre');
    await field.fill(code);
    await this.screens.tap('helped-allow');
    await this.screens.see('given at a centre', 'helped-ask-title', 'main li.row-item');
  }

  /** The slip in both languages, and what this browser has kept. */
  async finish() {
    await this.screens.tap('helped-close');
    await this.screens.see('slip', 'helped-slip-title', '[data-testid="slip"] svg path');
    await this.page.getByText(this.screens.text('helped-wiped')).waitFor();
    const languages = await this.page.locator('[data-testid="slip"] section[lang]').evaluateAll((all) => all.map((one) => one.lang));
    const kept = await this.page.evaluate(async () => [
      ...Object.keys(localStorage), ...Object.keys(sessionStorage), ...(await indexedDB.databases()).map(({ name }) => name),
      ...(await caches.keys()), document.cookie,
    ].filter((name) => name !== ''));
    const address = this.page.url();
    await this.screens.tap('helped-end');
    await this.screens.see('end at a centre', 'helped-ended-title');
    return { languages: languages.sort(), kept, address };
  }
}
