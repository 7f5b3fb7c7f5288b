/**
 * Why something did not come about, with the blame in its kind. The text is for the log of a developer and for the small
 * print under the sentence that the citizen reads; it never holds a value of hers.
 */

/** Who or what is to blame. */
export type FaultKind =
  /** What she opened or typed cannot be used. */
  | "input"
  /** A party's word cannot be trusted; nothing was signed. */
  | "untrusted"
  /** A party could not be reached or failed; worth trying again. */
  | "unanswered"
  /** A party refused. */
  | "refused"
  /** The clock of this phone is wrong by more than the federation allows. */
  | "clock"
  /** The wallet lacks a key or binding for this. */
  | "unbound"
  /** The phone or browser cannot do it. */
  | "platform";

/** A fault of one kind. */
export class Fault extends Error {
  constructor(
    readonly kind: FaultKind,
    message: string,
    /** The party's code of refusal, where it gave one. */
    readonly code: string | null = null,
    /** Who refused or did not answer. */
    readonly party: string | null = null,
  ) {
    super(message);
  }
}

/** The code of one that is suspended from the federation. */
export const SUSPENDED = "peer-suspended";

/** That a member is not spoken with, because it is suspended. */
export function suspension(entity: string): Fault {
  return new Fault("untrusted", `${entity} is suspended from the federation`, SUSPENDED, entity);
}

/** Whether a party refused as it refuses whoever's clock is wrong. */
export function doubtsClock(error: unknown): boolean {
  return error instanceof Fault && error.kind === "refused" && ["binding-invalid", "stale"].includes(error.code ?? "");
}

/** A party's word that cannot be trusted. */
export function untrusted(why: string): Fault {
  return new Fault("untrusted", why);
}
