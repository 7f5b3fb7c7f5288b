/** For whom she decides: the wards whom the register names to this key. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { wardsFor, type Ward } from "../citizen/wards.js";
import type { VerifiedRequest } from "../openid/request.js";
import { useLoaded, useWallet } from "../ui/context.js";
import { Busy, Choice, Failure } from "../ui/parts.js";

/** Chooses a ward; the only one is chosen at once. */
export function ChooseWard({ request, ward, onChoose }: { request: VerifiedRequest; ward: Ward | null; onChoose: (ward: Ward) => void }): JSX.Element {
  const { words, wallet } = useWallet();
  const [loaded, again] = useLoaded(async () =>
    wardsFor(wallet.vault, await wallet.federation(), request.consumer.entity, request.purpose.code), [request]);
  const wards = loaded.state === "done" ? loaded.value : [];
  useEffect(() => {
    const [only, ...more] = wards;
    if (only !== undefined && more.length === 0) onChoose(only);
  }, [loaded.state]);
  if (loaded.state === "busy") return <Busy />;
  if (loaded.state === "failed") return <Failure error={loaded.error} again={again} />;
  if (wards.length === 0) return <p class="notice bad">{words.t("request-ward-none")}</p>;
  return (
    <Choice legend={words.t("request-ward")} value={ward?.ward ?? ""} onChange={(chosen) => wards.filter((one) => one.ward === chosen).forEach(onChoose)}
      options={wards.map((one) => ({ value: one.ward, label: one.name }))} />
  );
}
