// The form of a position's stop and target: prices typed, or one tap to where nothing can be lost.

import { html, useState } from "../../vendor/preact.module.js";
import { protect } from "../deeds.js";
import { price, priceText } from "../format.js";
import { errorText, t } from "../i18n.js";
import { useInstrument } from "../markets.js";
import { fieldOf, numberProblem, plainNumber } from "../numbers.js";
import { Button, Field, Problem, Row, Sheet, Side } from "../ui.js";

const FEES_BOTH_WAYS = 0.0011;

export const Levels = ({ position, protection, close }) => {
  const market = { exchange: position.exchange, accountType: position.account_type, symbol: position.symbol };
  const instrument = useInstrument(market);
  const [stop, setStop] = useState(protection.stop ?? "");
  const [target, setTarget] = useState(protection.target ?? "");
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const wish = { stop: wished(stop, protection.stop), target: wished(target, protection.target) };
  const typed = { stop, target };
  const type = { stop: setStop, target: setTarget };
  const change = (name) => (value) => {
    setError(null);
    type[name](value);
  };
  const problemOf = (name) => {
    const wrong = numberProblem(typed[name]);
    if (wrong) return t(wrong);
    return fieldOf(error) === name ? errorText(error) : null;
  };
  const isUnread = Boolean(numberProblem(stop) ?? numberProblem(target));
  const isNothing = wish.stop === null && wish.target === null;
  const away = position.side === "long" ? 1 + FEES_BOTH_WAYS : 1 - FEES_BOTH_WAYS;
  const even = () => change("stop")(priceText(Number(position.entry_price) * away, instrument));
  const submit = async () => {
    setBusy(true);
    await protect(position, wish, { onShown: close, onRefused: setError });
    setBusy(false);
  };
  const footer = html`<${Button} kind="primary" isBusy=${isBusy} disabled=${isNothing || isUnread} onClick=${submit} data-role="preview">${t("common.preview")}<//>`;
  return html`
    <${Sheet} title=${t("protect.title", { symbol: position.symbol })} close=${close} footer=${footer}>
      <dl class="rows">
        <${Row} label=${t("common.position")}><${Side} side=${position.side} /><//>
        <${Row} label=${t("common.entry")}>${price(position.entry_price, instrument)}<//>
        <${Row} label=${t("common.mark")}>${price(position.mark_price, instrument)}<//>
      </dl>
      <${Field} name="stop" label=${t("common.stop")} value=${stop} onInput=${change("stop")} problem=${problemOf("stop")} hint=${t("protect.hint")}>
        <button type="button" class="inline" onClick=${even}>${t("protect.even")}</button>
      <//>
      <${Field} name="target" label=${t("common.target")} value=${target} onInput=${change("target")} problem=${problemOf("target")} />
      ${error && !(fieldOf(error) in typed) && html`<${Problem} error=${error} />`}
    <//>
  `;
};

/** Return what a typed level asks for: a price, "0" to remove what was there, null to leave it. */
const wished = (typed, before) => {
  const text = plainNumber(typed);
  if (typed.trim() === "") return before ? "0" : null;
  if (text === null || (before && Number(text) === Number(before))) return null;
  return text;
};
