// The wallet's icons, drawn here: two rings that meet, white on the accent. SVG, and PNG without any library.

import { deflateSync } from "node:zlib";

const ACCENT = [13, 79, 74];
const WHITE = [255, 255, 255];

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#0d4f4a"/>
<g fill="none" stroke="#fff" stroke-width="5"><circle cx="25" cy="32" r="12"/><circle cx="39" cy="32" r="12"/></g></svg>
`;

/** How much of a point is white: distance to two rings, smoothed over a pixel. */
function ring(x, y, pixel, scale) {
  const near = (cx) => Math.abs(Math.hypot((x - 32) / scale + 32 - cx, (y - 32) / scale) - 12) * scale;
  const distance = Math.min(near(25), near(39)) - 2.5 * scale;
  return Math.min(1, Math.max(0, 0.5 - distance / pixel));
}

/** How much of a point lies within the rounded square. */
function square(x, y, pixel, radius) {
  const [dx, dy] = [x, y].map((one) => Math.max(0, Math.abs(one - 32) - (32 - radius)));
  return Math.min(1, Math.max(0, 0.5 - (Math.hypot(dx, dy) - radius) / pixel));
}

function draw(size, { radius, scale }) {
  const pixel = 64 / size;
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [(column + 0.5) * pixel, (row + 0.5) * pixel];
      const white = ring(x, y, pixel, scale);
      const at = row * (size * 4 + 1) + 1 + column * 4;
      ACCENT.forEach((value, channel) => { rows[at + channel] = Math.round(value + (WHITE[channel] - value) * white); });
      rows[at + 3] = Math.round(255 * (radius === 0 ? 1 : square(x, y, pixel, radius)));
    }
  }
  return png(size, rows);
}

const TABLE = Array.from({ length: 256 }, (_, start) => {
  let value = start;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(type, data) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length);
  head.write(type, 4, "latin1");
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc(Buffer.concat([head.subarray(4), data])));
  return Buffer.concat([head, data, tail]);
}

function png(size, rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

/** Names and contents. */
export function icons() {
  return [
    ["icon.svg", svg],
    ["icon-180.png", draw(180, { radius: 0, scale: 1 })],
    ["icon-192.png", draw(192, { radius: 14, scale: 1 })],
    ["icon-512.png", draw(512, { radius: 14, scale: 1 })],
    ["maskable-512.png", draw(512, { radius: 0, scale: 0.8 })],
  ];
}
