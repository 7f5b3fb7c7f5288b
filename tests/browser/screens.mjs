// Screens by their headings, controls by what they say, taps counted. Each screen is held against axe-core once for each size and
// language, may not scroll sideways, and is photographed where that is wanted.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pattern } from './words.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What is photographed; `docs/screenshots` holds some of them. */
const SHOTS = new Set(['welcome', 'request', 'allowed', 'home', 'uses', 'consents', 'card at a centre', 'slip', 'page-sign-in', 'page-transparency', 'page-console']);

export class Screens {
  constructor(page, { name, folder, text }) {
    Object.assign(this, { page, name, folder, text, seen: new Set(), violations: [], taps: 0 });
  }

  /** Waits for a screen with this heading and, if given, something on it; then looks at it. */
  async see(screen, key, more) {
    const heading = this.page.getByRole('heading', { level: 1, name: pattern(this.text(key)) });
    try {
      await heading.waitFor();
      if (more) await this.page.locator(more).first().waitFor();
    } catch (error) {
      const shown = await this.page.locator('body').innerText().catch(() => '');
      throw new Error(`${this.name}: no screen "${screen}" at ${this.page.url()}\n${shown}\n${error.message}`);
    }
    if (!this.seen.has(screen)) await this.look(screen);
  }

  async look(screen) {
    this.seen.add(screen);
    // It stays in the page as long as the page does.
    if (!(await this.page.evaluate(() => 'axe' in globalThis))) await this.page.evaluate(axe);
    // All rules run; what passed is not written out in full.
    const { violations } = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    for (const { id, help, nodes } of violations) {
      this.violations.push(`${this.name}, ${screen}: ${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ').slice(0, 400)}`);
    }
    const sideways = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) this.violations.push(`${this.name}, ${screen}: it scrolls sideways by ${sideways} pixels`);
    await this.shoot(screen);
  }

  async shoot(screen) {
    if (!this.folder || !SHOTS.has(screen)) return;
    mkdirSync(this.folder, { recursive: true });
    await this.page.screenshot({ path: join(this.folder, `${screen}-${this.name}.png`) });
  }

  /** A link or button that says this, inside the page's main part. */
  control(key) {
    return this.page.locator('main').locator('a, button').filter({ hasText: pattern(this.text(key)) }).first();
  }

  /** One tap of a finger. */
  async tap(key) {
    await this.control(key).click();
    this.taps += 1;
  }

  /** A tap on one of the places at the edge. */
  async place(path) {
    await this.page.locator(`nav a[href="#${path}"]`).click();
    this.taps += 1;
  }

  /** How many taps something took. */
  async counting(steps) {
    const before = this.taps;
    await steps();
    return this.taps - before;
  }
}
