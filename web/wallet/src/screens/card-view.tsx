/** The card on the screen: the lines of the signed text, laid out; not a letter more or less. */

import type { JSX } from "preact";
import type { CardLine } from "../consent/card.js";

/** The card. */
export function CardView({ lines }: { lines: CardLine[] }): JSX.Element {
  const [asks, ...rest] = lines;
  return (
    <article class="card" data-testid="card">
      <h2>{asks?.title}{asks?.body}</h2>
      {rest.map((line) => <Line key={line.part} line={line} />)}
    </article>
  );
}

function Line({ line }: { line: CardLine }): JSX.Element {
  if (line.part === "ifNo") return <p class="if-no">{line.title}{line.body}</p>;
  return (
    <section class={`part ${line.part}`}>
      <h3>{line.title}</h3>
      {line.body !== "" && <p>{line.body}</p>}
      {line.items.length > 0 && <ul>{line.items.map((item) => <li key={item}>{item}</li>)}</ul>}
    </section>
  );
}
