/** Which screen stands at which place. Those that are seldom needed are fetched when they are. */

import { type ComponentType, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Busy } from "../ui/parts.js";
import { useWallet } from "../ui/context.js";
import type { Route } from "../ui/route.js";
import { Home } from "./home.js";
import { Request } from "./request.js";
import { Allowed, Denied } from "./decided.js";

type Page = ComponentType<{ query: string }>;

const AT_HAND: Record<string, Page> = { "/": Home, "/request": Request, "/allowed": Allowed, "/denied": Denied };
const FETCHED: Record<string, () => Promise<Page>> = {
  "/open": () => import("./rest.js").then((rest) => rest.Open),
  "/offer": () => import("./rest.js").then((rest) => rest.Offer),
  "/consents": () => import("./rest.js").then((rest) => rest.Consents),
  "/consent": () => import("./rest.js").then((rest) => rest.Consent),
  "/uses": () => import("./rest.js").then((rest) => rest.Uses),
  "/use": () => import("./rest.js").then((rest) => rest.Use),
  "/complaint": () => import("./rest.js").then((rest) => rest.Complaint),
  "/benefits": () => import("./rest.js").then((rest) => rest.Benefits),
  "/benefit": () => import("./rest.js").then((rest) => rest.Benefit),
  "/notices": () => import("./rest.js").then((rest) => rest.Notices),
  "/tie": () => import("./rest.js").then((rest) => rest.Tie),
  "/help": () => import("./rest.js").then((rest) => rest.Help),
};

/** The screen of a place. */
export function Place({ route }: { route: Route }): JSX.Element {
  const { words } = useWallet();
  const [page, setPage] = useState<{ Page: Page } | null>(() => (AT_HAND[route.path] ? { Page: AT_HAND[route.path] as Page } : null));
  useEffect(() => {
    const fetching = FETCHED[route.path];
    if (page === null) void (fetching?.() ?? Promise.resolve(Home)).then((Page) => setPage({ Page }));
  }, [route.path]);
  if (page === null) return <Busy text={words.t("busy")} />;
  return <page.Page query={route.query} />;
}

