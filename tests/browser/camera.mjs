// What Chromium's fake camera films: a QR code as a department's gateway draws it, on white paper, as one picture of YUV4MPEG2.
import { writeFileSync } from 'node:fs';

const [WIDTH, HEIGHT] = [640, 480];
const [WHITE, BLACK, NO_COLOUR] = [235, 16, 128];

/** Puts a picture before the camera, `{ size, path }` as it came; without one, a white sheet. */
export function film(file, picture) {
  const luma = Buffer.alloc(WIDTH * HEIGHT, WHITE);
  if (picture) draw(luma, picture);
  const chroma = Buffer.alloc((WIDTH * HEIGHT) / 2, NO_COLOUR);
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
  writeFileSync(file, Buffer.concat([head, ...Array(4).fill([Buffer.from('FRAME\n'), luma, chroma]).flat()]));
}

/** Its dark modules: squares of one module, with the quiet border counted in. */
function draw(luma, { size, path }) {
  const scale = Math.floor(HEIGHT / size);
  const [left, top] = [WIDTH, HEIGHT].map((side) => Math.floor((side - scale * size) / 2));
  const squares = [...path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => [Number(x), Number(y)]);
  if (squares.length === 0) throw new Error('there is nothing on the picture');
  for (const [x, y] of squares) {
    for (let row = 0; row < scale; row += 1) {
      const from = (top + y * scale + row) * WIDTH + left + x * scale;
      luma.fill(BLACK, from, from + scale);
    }
  }
}
