/** Numbers and addresses as people type them, and as a message to them needs them. */

import { plainDigits } from "../store/lock.js";

/** As E.164 writes it; a number of ten digits is one of India's. `null` if it is none. */
export function phoneNumber(typed: string): string | null {
  const plain = plainDigits(typed).replace(/[-().]/g, "").replace(/^00/, "+").replace(/^0(?=[6-9]\d{9}$)/, "");
  const whole = /^[6-9]\d{9}$/.test(plain) ? `+91${plain}` : plain;
  return /^\+[1-9]\d{7,14}$/.test(whole) ? whole : null;
}

/** An address for mail, as departments take it; `null` if it is none. */
export function mailAddress(typed: string): string | null {
  const plain = typed.trim();
  return plain.length <= 254 && /^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}$/.test(plain) ? plain : null;
}
