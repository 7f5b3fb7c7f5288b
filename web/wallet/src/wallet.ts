/**
 * The open wallet that screens work with: vault, federation, names of members, and what it tells her.
 *
 * Guarantees: the federation is verified anew after a minute; names that were verified once are kept for reading offline and for nothing else.
 */

import type { Language } from "./consent/words.js";
import { sendObjections, unsent } from "./citizen/objections.js";
import { confirmed, sendOf, sendPending, waiting } from "./consent/orders.js";
import type { Member, Pin } from "./federation/chain.js";
import type { Dataset } from "./federation/shapes.js";
import { Federation, type Survey } from "./federation/directory.js";
import { instantText } from "./consent/calendar.js";
import { takeApart } from "./sdjwt/binding.js";
import { federationPin } from "./store/settings.js";
import type { Vault } from "./store/vault.js";

/** What is remembered of a member for showing. */
export interface KnownMember {
  names: Record<string, string>;
  roles: string[];
  datasets: Record<string, Record<string, string>>;
  /** Titles of fields, by dataset and name. */
  fields: Record<string, Record<string, Record<string, string>>>;
}

/** What is remembered of the federation for showing. */
export interface Known {
  members: Record<string, KnownMember>;
  purposes: Record<string, Record<string, string>>;
  laws: Record<string, Record<string, string>>;
  /** Members that could not be checked when the wallet looked last. */
  unchecked?: string[];
}

/** Now, seconds. */
export function clock(): number {
  return Math.floor(Date.now() / 1000);
}

/** The open wallet. */
export class Wallet {
  private opened: Promise<Federation> | null = null;

  private constructor(readonly vault: Vault, public known: Known) {}

  /** Takes an open vault. */
  static async of(vault: Vault): Promise<Wallet> {
    const known = (await vault.read<Known>("known")) ?? { members: {}, purposes: {}, laws: {} };
    return new Wallet(vault, known);
  }

  /** The pin of the federation. */
  pin(): Promise<Pin> {
    return federationPin(this.vault.database);
  }

  /** A view of the federation that is at most a minute old. */
  async federation(): Promise<Federation> {
    const before = await this.opened?.catch(() => null);
    if (before == null || before.stale) this.opened = this.pin().then((pin) => Federation.open(pin, this.vault, clock));
    const federation = await this.opened;
    if (federation === null) throw new Error("the federation was not opened");
    return federation;
  }

  /** All active members. */
  async members(): Promise<Member[]> {
    return (await this.survey()).members;
  }

  /** All members, remembered for reading offline, with purposes and laws. */
  async survey(): Promise<Survey> {
    const federation = await this.federation();
    const survey = await federation.survey();
    this.known.unchecked = survey.unchecked;
    const purposes = await federation.purposes().catch(() => []);
    const laws = await federation.laws().catch(() => []);
    await this.remember([...survey.members, ...survey.suspended]);
    for (const purpose of purposes) this.known.purposes[purpose.code] = purpose.text;
    for (const law of laws) this.known.laws[law.id] = law.title;
    await this.vault.write("known", this.known);
    return survey;
  }

  /** Remembers what members are called. */
  async remember(members: Member[]): Promise<void> {
    for (const { entity, roles, gateway } of members) {
      const datasets = Object.fromEntries(gateway.datasets.map((dataset) => [dataset.id, dataset.title]));
      const titles = (dataset: Dataset) => Object.fromEntries(dataset.fields.flatMap((field) => (field.title === undefined ? [] : [[field.name, field.title]])));
      const fields = Object.fromEntries(gateway.datasets.map((dataset) => [dataset.id, titles(dataset)]));
      this.known.members[entity] = { names: gateway.organization_name, roles, datasets, fields };
    }
    await this.vault.write("known", this.known);
  }

  /** Her name as the registry has it, if the wallet is bound. */
  async holder(): Promise<string | null> {
    const [bound] = await this.vault.bindings();
    if (bound === undefined) return null;
    const { disclosures } = takeApart(bound.token);
    const value = (name: string) => disclosures.find((one) => one.name === name)?.value ?? "";
    return `${value("given_name")} ${value("family_name")}`.trim();
  }

  /** Sends the orders of one consent; whether both parties have signed for all of them. */
  async sent(consent: string): Promise<boolean> {
    try {
      await sendOf(this.vault, await this.federation(), consent);
      const kept = await this.vault.consent(consent);
      return kept !== undefined && confirmed(kept);
    } catch {
      return false;
    }
  }

  /** Sends what waits; how many deliveries are left, one for a side that failed. Where nothing waits, nobody hears that the wallet was opened. */
  async send(): Promise<number> {
    const orders = (await this.vault.consents()).some((consent) => waiting(consent).length > 0);
    const objections = (await unsent(this.vault)).length > 0;
    if (!orders && !objections) return 0;
    const federation = await this.federation();
    const works = [...(orders ? [sendPending] : []), ...(objections ? [sendObjections] : [])];
    // Side by side: what hangs or fails on one side holds nothing up on the other.
    const sent = await Promise.allSettled(works.map((work) => work(this.vault, federation)));
    return sent.reduce((left, one) => left + (one.status === "fulfilled" ? one.value : 1), 0);
  }
}

/** The entity's host, where no name is known. */
export function hostOf(entity: string): string {
  try {
    return new URL(entity).host;
  } catch {
    return entity;
  }
}

/** The instant at which a civil day ends, as an order writes it. */
export function endOf(day: string): string {
  return instantText(Math.floor(Date.parse(`${day}T00:00:00+05:30`) / 1000) + 86_400);
}

/** A voice of the phone's own for a language, if it has one; others would send what they read to somebody. */
export async function voiceFor(language: Language): Promise<SpeechSynthesisVoice | null> {
  if (!("speechSynthesis" in globalThis)) return null;
  if (speechSynthesis.getVoices().length === 0) {
    // Some browsers load their voices after they were first asked for.
    await new Promise((resolve) => {
      speechSynthesis.addEventListener("voiceschanged", resolve, { once: true });
      setTimeout(resolve, 1000);
    });
  }
  const voices = speechSynthesis.getVoices().filter((voice) => voice.lang.toLowerCase().startsWith(language));
  return voices.find((voice) => voice.localService && /-in$/i.test(voice.lang)) ?? voices.find((voice) => voice.localService) ?? null;
}
