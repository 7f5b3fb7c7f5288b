// The wallet in a real browser, told what to do by the test in Rust (see conversation.mjs).
import { launch } from './browser.mjs';
import { done, opening } from './conversation.mjs';
import { walk } from './wallet.mjs';

const order = await opening();
const browser = await launch(order);
try {
  const walks = [];
  for (const way of order.walks) walks.push(await walk(browser, order, way, walks.length));
  done({ browser: browser.version(), walks });
} finally {
  await browser.close();
}
process.exit(0);
