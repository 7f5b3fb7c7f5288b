// Screens by their names, controls by theirs, taps counted; each screen that is seen is held against axe-core, once for each size
// and language.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export class Screens {
  constructor(page, { name, folder }) {
    Object.assign(this, { page, name, folder, seen: new Set(), violations: [], taps: 0 });
  }

  /** Waits for a screen, and looks at it. */
  async see(screen) {
    const main = this.page.locator(`main[data-screen="${screen}"]`);
    await main.waitFor({ state: 'visible' }).catch(async (error) => {
      const shown = await this.page.locator('body').innerText().catch(() => '');
      throw new Error(`${this.name}: no screen "${screen}" at ${this.page.url()}\n${shown}\n${error.message}`);
    });
    if (!this.seen.has(screen)) await this.look(screen);
    return main;
  }

  async look(screen) {
    this.seen.add(screen);
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run(document));
    for (const { id, help, nodes } of violations) {
      this.violations.push(`${this.name}, ${screen}: ${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ').slice(0, 400)}`);
    }
    const sideways = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) this.violations.push(`${this.name}, ${screen}: it scrolls sideways by ${sideways} pixels`);
    await this.shoot(screen);
  }

  async shoot(screen) {
    if (!this.folder) return;
    mkdirSync(this.folder, { recursive: true });
    await this.page.screenshot({ path: join(this.folder, `${screen}-${this.name}.png`), fullPage: true });
  }

  control(name) {
    return this.page.locator(`[data-do="${name}"]`).first();
  }

  /** One tap of a finger. */
  async tap(name) {
    await this.control(name).click();
    this.taps += 1;
  }

  async has(name) {
    return (await this.page.locator(`[data-do="${name}"]`).count()) > 0;
  }

  /** How many taps something took. */
  async counting(steps) {
    const before = this.taps;
    await steps();
    return this.taps - before;
  }
}
