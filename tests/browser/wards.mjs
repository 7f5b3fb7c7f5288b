// A mother decides for her child: bound, asked as a guardian, choosing for whom, allowing. The department then learns about the child.
import { person } from './browser.mjs';
import { want } from './conversation.mjs';
import { RequestLog } from './log.mjs';
import { Screens } from './screens.mjs';
import { begin, listen } from './wallet.mjs';
import { words } from './words.mjs';

export async function decideForAChild(browser, order, { width, language }) {
  const name = `ward-${language}-${width}`;
  const context = await person(browser, { width, language });
  const log = new RequestLog(context);
  const page = await context.newPage();
  const faults = listen(page, name);
  const screens = new Screens(page, { name, folder: order.screenshots, text: words(language) });
  await begin(page, screens, order, await want('offer', { mother: true }));
  const request = await want('request', { ward: true });
  await page.goto(request.wallet_link);
  // The only child that the register names is chosen; her name stands where the mother says for whom she decides.
  await screens.see('request for a ward', 'request-title', 'main fieldset input[type="radio"]:checked');
  const chosen = await page.locator('main fieldset label').filter({ has: page.locator('input:checked') }).innerText();
  await screens.tap('request-allow');
  await screens.see('allowed for a ward', 'allowed-title', 'main li');
  const { state } = await want('state', { request: request.id });
  const used = await want('query', { request: request.id, ward: true });
  await screens.place('/consents');
  await page.locator('main li a').first().click();
  await screens.see('consent for a ward', 'consent-title', 'details');
  await page.getByText(chosen.trim()).first().waitFor();
  await context.close();
  return { name, chosen: chosen.trim(), state, used: used.code, faults, violations: screens.violations,
    screens: [...screens.seen], complaints: log.complaints(order.wallet, order.members) };
}
