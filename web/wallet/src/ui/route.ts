/** Where she is: the part of the address behind `#`, which never reaches a server. */

import { useEffect, useState } from "preact/hooks";

/** A place in the wallet. */
export interface Route {
  path: string;
  query: string;
}

/** Reads a hash. */
export function parseHash(hash: string): Route {
  const text = hash.replace(/^#/, "");
  const at = text.indexOf("?");
  const path = at < 0 ? text : text.slice(0, at);
  return { path: path === "" ? "/" : path, query: at < 0 ? "" : text.slice(at + 1) };
}

/** Goes somewhere. */
export function go(path: string): void {
  location.hash = `#${path}`;
}

/** Goes somewhere and forgets where she was: links with one-time codes do not stay in the history. */
export function replace(path: string): void {
  history.replaceState(null, "", `#${path}`);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** The present place. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseHash(location.hash));
  useEffect(() => {
    const changed = () => setRoute(parseHash(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
