/** The few parts of which all screens are made. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { doubtsClock, Fault, SUSPENDED } from "../fault.js";
import type { Words } from "../words/words.js";
import { useApp } from "./context.js";

type Children = { children?: ComponentChildren };

/** A screen: its heading takes the focus when she comes here, and names the page. */
export function Screen({ title, back, children }: Children & { title: string; back?: string }): JSX.Element {
  const { words } = useApp();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – ${words.t("app-name")}`;
  }, [title, words]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <>
      {back !== undefined && <a class="back" href={`#${back}`}><span aria-hidden="true">‹</span>{words.t("back")}</a>}
      <h1 ref={heading} tabIndex={-1}>{title}</h1>
      {children}
    </>
  );
}

/** A button. */
export function Button(
  { children, kind = "plain", busy = false, onClick, type = "button", label, describedBy }: Children & {
    kind?: "main" | "plain" | "choice" | "danger" | "quiet"; busy?: boolean; onClick?: () => void; type?: "button" | "submit";
    label?: string; describedBy?: string;
  },
): JSX.Element {
  return (
    <button type={type} class={`button ${kind}`} onClick={busy ? undefined : onClick} aria-disabled={busy} aria-label={label}
      aria-describedby={describedBy}>
      {children}
    </button>
  );
}

/** A field with its label, hint and error. */
export function Field(
  { label, hint, error, value, onInput, type = "text", inputMode, autocomplete = "off", multiline = false, min, max }: {
    label: string; hint?: string; error?: string | null; value: string; onInput: (value: string) => void;
    type?: "text" | "password" | "date" | "tel" | "email"; inputMode?: "numeric" | "text" | "url"; autocomplete?: string; multiline?: boolean;
    min?: string; max?: string;
  },
): JSX.Element {
  const id = useId();
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => {
    if (error) input.current?.focus();
  }, [error]);
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const shared = {
    id, value, ref: input, autocomplete, spellcheck: false, "aria-invalid": error ? true : undefined, "aria-describedby": described,
    onInput: (event: Event) => onInput((event.target as HTMLInputElement).value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {multiline ? <textarea {...shared} rows={4} /> : <input {...shared} type={type} inputMode={inputMode} min={min} max={max} />}
      {error && <p class="error" id={`${id}-error`} role="alert">{error}</p>}
    </div>
  );
}

/** Radio buttons that look like what they are. */
export function Choice<T extends string>(
  { legend, options, value, onChange, quiet = false }: {
    legend: string; options: { value: T; label: string; lang?: string }[]; value: T; onChange: (value: T) => void; quiet?: boolean;
  },
): JSX.Element {
  const name = useId();
  return (
    <fieldset class={quiet ? "row" : ""}>
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.value} class="radio" lang={option.lang}>
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Something that happens at the moment. */
export function Busy({ text }: { text?: string }): JSX.Element {
  const { words } = useApp();
  return <p class="busy" role="status"><span class="spinner" aria-hidden="true" />{text ?? words.t("busy")}</p>;
}

const CODES: Record<string, string> = {
  "request-expired": "fault-expired", conflict: "fault-answered", "consent-above-template": "fault-above",
  "not-found": "fault-expired", undelivered: "allowed-sent-later", [SUSPENDED]: "fault-suspended",
};

/** The sentence for something that went wrong. */
export function faultWords(words: Words, error: unknown): { text: string; code: string | null } {
  if (!(error instanceof Fault)) return { text: words.t("fault-platform"), code: error instanceof Error ? error.message : null };
  const known = error.kind === "unanswered" && error.code !== "undelivered" ? undefined : CODES[error.code ?? ""];
  return { text: words.t(known ?? `fault-${error.kind}`), code: error.message };
}

/** Says what went wrong, whose fault it is, and what she can do. */
export function Failure({ error, again }: { error: unknown; again?: () => void }): JSX.Element {
  const { words } = useApp();
  const { text, code } = faultWords(words, error);
  return (
    <div class="notice bad" role="alert">
      <p><strong>{words.t("fault-title")}</strong></p>
      <p>{text}</p>
      <Reason code={code} />
      {again !== undefined && <Button onClick={again}>{words.t("again")}</Button>}
    </div>
  );
}

/** The reason of a fault, for the office. */
export function Reason({ code }: { code: string | null }): JSX.Element | null {
  const { words } = useApp();
  return code === null ? null : <p class="small" lang="en">{words.t("fault-code", { code })}</p>;
}

/** The sentence why something that is kept did not get through, or nothing was told: nothing was lost or signed by it. */
export function whyWords(words: Words, error: unknown): string {
  if (doubtsClock(error)) return words.t("fault-clock-maybe");
  if (!(error instanceof Fault) || error.code === SUSPENDED) return faultWords(words, error).text;
  return words.t(error.kind === "untrusted" ? "fault-unverified" : `fault-${error.kind}`);
}

/** Why something that is kept did not get through, or nothing was told. */
export function Why({ error }: { error: unknown }): JSX.Element {
  const { words } = useApp();
  return <><p>{whyWords(words, error)}</p><Reason code={faultWords(words, error).code} /></>;
}

/** A digest or fingerprint in groups. */
export function Code({ children }: { children: string }): JSX.Element {
  return <code class="digest">{children}</code>;
}

/** Name and value, one below the other. */
export function Facts({ facts }: { facts: [string, ComponentChildren][] }): JSX.Element {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** Saves a text as a file of her own. */
export function saveFile(name: string, media: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: media }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
