// What Chromium's fake camera films: a QR code on white paper, as one picture of YUV4MPEG2.
import { writeFileSync } from 'node:fs';
import qrcode from 'qrcode-generator';

const [WIDTH, HEIGHT] = [640, 480];
const [WHITE, BLACK, NO_COLOUR] = [235, 16, 128];
/** Modules of white around a code (ISO/IEC 18004 §6.3.8). */
const QUIET = 4;

/** Puts a code before the camera; without a text, a white sheet. */
export function film(file, text) {
  const luma = Buffer.alloc(WIDTH * HEIGHT, WHITE);
  if (text) draw(luma, text);
  const chroma = Buffer.alloc((WIDTH * HEIGHT) / 2, NO_COLOUR);
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
  writeFileSync(file, Buffer.concat([head, ...Array(4).fill([Buffer.from('FRAME\n'), luma, chroma]).flat()]));
}

function draw(luma, text) {
  const code = qrcode(0, 'L');
  code.addData(text);
  code.make();
  const modules = code.getModuleCount();
  const size = Math.floor(HEIGHT / (modules + 2 * QUIET));
  const [left, top] = [WIDTH, HEIGHT].map((side) => Math.floor((side - size * modules) / 2));
  for (let y = 0; y < modules * size; y += 1) {
    for (let x = 0; x < modules * size; x += 1) {
      if (code.isDark(Math.floor(y / size), Math.floor(x / size))) luma[(top + y) * WIDTH + left + x] = BLACK;
    }
  }
}
