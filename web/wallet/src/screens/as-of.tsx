/** As of when something was told, where it was not in the newest look. */

import type { JSX } from "preact";
import { useWallet } from "../ui/context.js";

/** One look hears everybody within a minute. */
const LOOK = 60;

/** Whether something was told in a look before the newest one. */
export function toldBefore(asked: number, newest: number): boolean {
  return newest - asked > LOOK;
}

/** The date of what an older look told. */
export function AsOf({ asked, newest }: { asked: number; newest: number }): JSX.Element | null {
  const { words } = useWallet();
  return toldBefore(asked, newest) ? <span class="small warn">{words.t("uses-as-of", { date: words.moment(asked) })}</span> : null;
}
