// What departments decided about her, in her wallet: an offer with its reason, which she takes; a removal of which she is told, to which she
// objects in her own words. The same in every size and language.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, person } from './browser.mjs';
import { done, opening, want } from './conversation.mjs';
import { RequestLog } from './log.mjs';
import { Screens } from './screens.mjs';
import { begin, listen, PIN } from './wallet.mjs';
import { words } from './words.mjs';

const SAID = { hi: 'मैं जीवित हूँ।\nकृपया मेरी पेंशन न रोकें।', en: 'I am alive.\nPlease do not stop my pension.' };

/** What is photographed, whole. */
const SHOTS = new Set(['benefits', 'benefit-offered', 'benefit-noticed', 'benefit-contested']);

/** A decision is longer than a screen. */
class Pages extends Screens {
  async shoot(screen) {
    if (!this.folder || !SHOTS.has(screen)) return;
    mkdirSync(this.folder, { recursive: true });
    await this.page.screenshot({ path: join(this.folder, `${screen}-${this.name}.png`), fullPage: true });
  }
}

class Reader {
  constructor(parts) {
    Object.assign(this, parts);
  }

  at(path) {
    return this.page.goto(`${this.order.wallet}/#${path}`);
  }

  /** The link to a decision, whoever made it. */
  link(decision) {
    return `a[href^="#/benefit?id=${decision}&member="]`;
  }

  /** How the decision on the screen stands, once the department was asked. */
  async state(wanted) {
    await this.page.locator(`[data-state="${wanted}"]`).waitFor();
    return this.page.locator('[data-state]').getAttribute('data-state');
  }

  /** From home to the offer: why, until when, and two buttons of one size. */
  async takes(decision) {
    await this.screens.place('/');
    await this.screens.see('home', 'home-hello-name', 'a[href="#/benefits"]');
    await this.screens.tap('home-benefits');
    await this.screens.see('benefits', 'benefits-title', this.link(decision));
    await this.page.locator(this.link(decision)).click();
    await this.screens.see('benefit-offered', 'benefit-title', '.decision button[aria-disabled="false"]');
    const states = [await this.state('offered')];
    const [one, two] = await this.page.locator('.decision button').all();
    const sizes = [await one.boundingBox(), await two.boundingBox()];
    const same = ['width', 'height'].map((side) => Math.abs(sizes[0][side] - sizes[1][side]) < 1);
    for (const details of await this.page.locator('main details').all()) await details.locator('summary').click();
    await this.screens.look('benefit offered, records');
    await this.screens.tap('benefit-accept');
    // Her department may tell its roll a moment later.
    await this.page.locator('[data-state="accepted"], [data-state="enrolled"]').first().waitFor();
    await this.again(decision, 'enrolled');
    await this.screens.see('benefit-enrolled', 'benefit-title', '[data-state="enrolled"]');
    states.push(await this.state('enrolled'));
    return { states, same };
  }

  /** Looks at a decision again until it stands like this. */
  async again(decision, wanted) {
    for (let turn = 0; turn < 60; turn++) {
      await this.at('/benefits');
      await this.at(`/benefit?id=${decision}`);
      await this.page.locator('.busy').waitFor({ state: 'detached' });
      if ((await this.page.locator(`[data-state="${wanted}"]`).count()) === 1) return;
      await this.page.waitForTimeout(500);
    }
    throw new Error(`${this.name}: the decision never stood as ${wanted}: ${await this.page.locator('main').innerText()}`);
  }

  /** Her messages are hers when she has asked twice: then her time to object runs, and stands on the screen. */
  async isTold(decision) {
    await this.at('/notices');
    const link = this.page.locator(this.link(decision)).first();
    await link.waitFor();
    await this.screens.see('notices of decisions', 'notices-title', 'fieldset');
    await this.screens.tap('notices-refresh');
    await this.page.locator('.busy').waitFor({ state: 'detached' });
    await link.click();
    await this.again(decision, 'noticed');
    await this.screens.see('benefit-noticed', 'benefit-title', 'main textarea');
    return this.state('noticed');
  }

  /** In her own words. Signed without a network, where it is so wanted: then it goes out by itself. */
  async objects(said, queued) {
    await this.page.locator('main textarea').fill('क'.repeat(2_001));
    await this.page.locator('main form button[aria-disabled="false"]').click();
    await this.page.locator('main [role="alert"]').first().waitFor();
    await this.screens.look('objection too long');
    await this.page.locator('main textarea').fill(said);
    await this.context.setOffline(queued);
    await this.page.locator('main form button[aria-disabled="false"]').click();
    if (queued) {
      await this.page.locator('main .notice').getByText(this.screens.text('objection-waits')).waitFor();
      await this.screens.look('objection waiting');
      await this.context.setOffline(false);
    }
    await this.screens.see('benefit-contested', 'benefit-title', '[data-testid="slip"]');
    const state = await this.state('contested');
    const words = await this.page.locator('.said-words').innerText();
    return { state, words, slip: (await this.page.locator('[data-testid="slip"]').innerText()).trim() };
  }

  /** Without a network she reads all of it: the list, the decision, her slip. */
  async offline(decision) {
    await this.page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await this.context.setOffline(true);
    await this.at('/');
    await this.page.reload();
    await this.page.locator('input[type="password"]').fill(PIN);
    await this.screens.tap('locked-open');
    await this.screens.see('home offline', 'home-hello-name', 'a[href="#/benefits"]');
    await this.screens.tap('home-benefits');
    await this.screens.see('benefits offline', 'benefits-title', 'main li');
    await this.page.locator(this.link(decision)).click();
    const slip = (await this.page.locator('[data-testid="slip"]').innerText()).trim();
    await this.context.setOffline(false);
    return slip;
  }
}

async function walk(browser, order, { width, language }) {
  const name = `${language}-${width}`;
  const context = await person(browser, { width, language });
  const log = new RequestLog(context);
  const page = await context.newPage();
  const faults = listen(page, name);
  const screens = new Pages(page, { name, folder: order.screenshots, text: words(language) });
  const reader = new Reader({ page, context, screens, order, name });
  const { invitation, decision: offer } = await want('widow', { name });
  await begin(page, screens, order, invitation);
  const { states, same } = await reader.takes(offer);
  const { decision } = await want('death', { name });
  states.push(await reader.isTold(decision));
  const { state, words: said, slip } = await reader.objects(SAID[language], language === 'hi');
  states.push(state);
  const objection = await want('objection', { name, decision });
  const offline = await reader.offline(decision);
  await context.close();
  return { name, states, same, slip, said, objection, offline, faults, violations: screens.violations, screens: [...screens.seen],
    complaints: log.complaints(order.wallet, order.members) };
}

const order = await opening();
const browser = await launch(order);
try {
  const walks = [];
  for (const way of order.walks) walks.push(await walk(browser, order, way));
  done({ walks });
} finally {
  await browser.close();
}
process.exit(0);
