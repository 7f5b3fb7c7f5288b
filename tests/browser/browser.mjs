// The system's Chromium, trusting exactly the certificates of this federation, with a camera that films what a file holds.
import { chromium } from 'playwright-core';
import { film } from './camera.mjs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** `keys`: base64 of SHA-256 of each accepted certificate's public key; `camera`: the file that is filmed. */
export async function launch({ keys, camera, chromium: program }) {
  film(camera, undefined);
  return chromium.launch({
    executablePath: program ?? PLACES[0],
    args: [
      `--ignore-certificate-errors-spki-list=${keys.join(',')}`,
      '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${camera}`,
      '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-proxy-server', '--disable-component-update',
      '--disable-background-networking', '--disable-sync', '--disable-default-apps', '--no-first-run',
    ],
  });
}

export const SIZES = { small: { width: 320, height: 640 }, large: { width: 1280, height: 800 } };

/** A browser of its own for one person: nothing stored, one language, one size. */
export async function person(browser, { width, language }) {
  const viewport = width <= 320 ? SIZES.small : SIZES.large;
  const context = await browser.newContext({
    viewport, locale: language === 'hi' ? 'hi-IN' : 'en-IN', timezoneId: 'Asia/Kolkata', permissions: ['camera'], reducedMotion: 'reduce',
  });
  // It only ends a walk that would wait for ever.
  context.setDefaultTimeout(180_000);
  return context;
}
