// A real browser, told what to do by the test in Rust (see conversation.mjs): walks through the wallet, or visits to a department's pages.
import { launch } from './browser.mjs';
import { help } from './assisted.mjs';
import { done, opening } from './conversation.mjs';
import { visit } from './pages.mjs';
import { govern } from './schemes.mjs';
import { walk } from './wallet.mjs';
import { decideForAChild } from './wards.mjs';

const order = await opening();
const browser = await launch(order);
try {
  const departments = order.schemes ? govern : visit;
  const go = order.department ? departments : walk;
  const walks = [];
  for (const way of order.walks) walks.push(await go(browser, order, way, walks.length));
  const helped = [];
  for (const way of order.helped ? order.walks : []) helped.push(await help(browser, order, way));
  const wards = [];
  for (const way of order.wards ? order.walks : []) wards.push(await decideForAChild(browser, order, way));
  done({ browser: browser.version(), walks, helped, wards });
} finally {
  await browser.close();
}
process.exit(0);
