// The order ticket: what is typed is previewed exactly, again and again; what is confirmed is a preview, never a form.

import { html, useEffect, useState } from "../../vendor/preact.module.js";
import { post } from "../api.js";
import { OrderPreviews, orderLabel, placeOrder } from "../deeds.js";
import { errorText, t } from "../i18n.js";
import { accountsOf } from "../live.js";
import { lookAt } from "../markets.js";
import { fieldOf, isNumber, numberProblem, plainNumber } from "../numbers.js";
import { state, update, useStore } from "../store.js";
import { guardClosing, useMainButton } from "../telegram.js";
import { Button, Field, Problem, Segments, Select, accountOption, canTrade, onEnter } from "../ui.js";
import { chooseAccounts } from "./where.js";

const TYPING_MS = 350;
const FRESH_MS = 20_000;
const RETRY_MS = 5_000;
const AWAY_MS = 1_000;
const EMPTY = { side: "buy", type: "market", amount: "", unit: "notional", price: "", leverage: "", stop: "", stopUnit: "percent", target: "", targetUnit: "percent", isPostOnly: false, isReduceOnly: false };
const QUICK = { notional: ["50", "100", "250", "1000"], coins: [], equity_percent: ["10", "25", "50", "100"], risk_percent: ["0.5", "1", "2"] };
const NUMBERS = ["amount", "price", "leverage", "stop", "target"];

let kept = EMPTY;

export const Ticket = ({ market, instrument }) => {
  const [form, setForm] = useState(kept);
  const change = (name) => (value) => setForm((before) => (kept = { ...before, [name]: value }));
  const places = usePlaces(market);
  const { preview, error, isBusy, refresh } = usePreview(form, market, places);
  useEffect(() => {
    guardClosing(form.amount !== "");
    return () => guardClosing(false);
  }, [form.amount !== ""]);

  const review = () => placeOrder(bodyOf(form, market, places), preview, () => setForm((before) => (kept = { ...before, amount: "" })));
  const isReady = preview !== null && !isBusy && error === null;
  const problemOf = (name) => {
    const wrong = numberProblem(form[name]);
    if (wrong) return t(wrong);
    return fieldOf(error) === name ? errorText(error) : null;
  };
  const text = isReady ? orderLabel(preview) : t(`ticket.enter.${form.side}`);
  const hasSheets = useStore((s) => s.sheets.length > 0);
  const isTelegrams = useMainButton({ text, onPress: review, isEnabled: isReady, color: form.side === "buy" ? "#12703a" : "#c42b21", isShown: canTrade() && !hasSheets && form.amount !== "" });
  if (!canTrade()) return html`<section class="card ticket"><p class="note">${t("error.viewer_cannot_trade")}</p></section>`;
  return html`
    <form class="card ticket" aria-label=${t("ticket.title")} onSubmit=${(event) => event.preventDefault()} onKeyDown=${onEnter(() => isReady && review())} data-side=${form.side}>
      <${Segments} label=${t("ticket.side")} kind="side" value=${form.side} onChange=${change("side")} options=${["buy", "sell"].map((value) => ({ value, label: t(`side.${value}`) }))} />
      <div class="pair loose"><${AccountChoice} />
      <${Segments} label=${t("ticket.type")} value=${form.type} onChange=${change("type")} options=${["market", "limit"].map((value) => ({ value, label: t(`ticket.${value}`) }))} /></div>
      ${form.type === "limit" && html`<${Field} name="price" label=${t("common.price")} value=${form.price} onInput=${change("price")} unit=${instrument?.quote} problem=${problemOf("price")} />`}
      <${Amount} ...${{ form, change, instrument, problemOf }} />
      <${Leverage} ...${{ form, change, instrument, problemOf }} />
      <div class="pair">
        <${LevelField} name="stop" label=${t("common.stop")} ...${{ form, change, problemOf }} />
        <${LevelField} name="target" label=${t("common.target")} ...${{ form, change, problemOf }} />
      </div>
      <div class="options">
        ${form.type === "limit" && html`<label><input type="checkbox" checked=${form.isPostOnly} onChange=${(event) => change("isPostOnly")(event.currentTarget.checked)} />${t("ticket.postOnly")}</label>`}
        <label><input type="checkbox" checked=${form.isReduceOnly} onChange=${(event) => change("isReduceOnly")(event.currentTarget.checked)} />${t("ticket.reduceOnly")}</label>
      </div>
      <div class="live-preview" aria-live="polite" aria-busy=${isBusy ? "true" : "false"}>
        ${error && !fieldOf(error) && html`<${Problem} error=${error}>${error.kind === "unavailable" || error.code === "offline" ? html`<${Button} onClick=${refresh}>${t("common.retry")}<//>` : null}<//>`}
        ${preview && !error && html`<${OrderPreviews} preview=${preview} />`}
        ${(fieldOf(error) || (!preview && !error)) && html`<p class="note">${t(isBusy ? "ticket.looking" : fieldOf(error) || NUMBERS.some((name) => numberProblem(form[name])) ? "form.fix" : "ticket.hint")}</p>`}
      </div>
      ${(!isTelegrams || form.amount === "") && html`<${Button} kind=${form.side === "buy" ? "buy" : "sell"} disabled=${!isReady} onClick=${review} data-role="review">${text}<//>`}
    </form>
  `;
};

const Amount = ({ form, change, instrument, problemOf }) => {
  const units = [
    { value: "notional", label: instrument?.quote ?? "USD" },
    { value: "coins", label: instrument?.base ?? t("unit.coins") },
    { value: "equity_percent", label: t("unit.equity") },
    { value: "risk_percent", label: t("unit.risk") },
  ];
  return html`
    <div>
      <${Field} name="amount" label=${t("common.size")} value=${form.amount} onInput=${change("amount")} placeholder="0" problem=${problemOf("amount")} hint=${form.unit === "risk_percent" && form.stop === "" ? t("error.risk_needs_stop") : undefined}>
        <${Select} isBare=${true} label=${t("ticket.unit")} value=${form.unit} options=${units} onChange=${change("unit")} />
      <//>
      <${Chips} values=${QUICK[form.unit]} label=${(value) => (form.unit === "notional" ? value : `${value}%`)} onPick=${change("amount")} />
    </div>
  `;
};

const Leverage = ({ form, change, instrument, problemOf }) => {
  const most = Number(instrument?.max_leverage ?? 20);
  const values = ["1", "3", "5", "10", "20"].filter((value) => Number(value) <= most);
  return html`
    <div class="leverage">
      <${Field} name="leverage" label=${t("common.leverage")} value=${form.leverage} onInput=${change("leverage")} unit="×" placeholder=${t("ticket.asIs")} problem=${problemOf("leverage")} />
      <${Chips} values=${values} label=${(value) => `${value}×`} onPick=${change("leverage")} />
    </div>
  `;
};

const LevelField = ({ name, label, form, change, problemOf }) => html`
  <${Field} name=${name} label=${label} value=${form[name]} onInput=${change(name)} placeholder="—" problem=${problemOf(name)}>
    <${Select}
      isBare=${true}
      label=${t("ticket.unitOf", { level: label })}
      value=${form[`${name}Unit`]}
      onChange=${change(`${name}Unit`)}
      options=${[{ value: "percent", label: "%" }, { value: "price", label: t("common.price") }, { value: "roi_percent", label: "ROI %" }]}
    />
  <//>
`;

const Chips = ({ values, label, onPick }) =>
  values.length > 0 && html`<div class="chips">${values.map((value) => html`<button type="button" key=${value} onClick=${() => onPick(value)}>${label(value)}</button>`)}</div>`;

const EACH = "each";
const OTHERS = "others";

/** Return the accounts that the ticket goes to: every chosen one, or the one alone that the chart is about. */
const usePlaces = (market) => {
  const accounts = accountsOf(useStore((s) => s.parts));
  const isForEach = useStore((s) => s.isForEach);
  return isForEach && accounts.length > 1
    ? accounts.map((a) => ({ exchange: a.exchange, account_type: a.accountType }))
    : [{ exchange: market.exchange, account_type: market.accountType }];
};

/** Whose money the order is for: all of the chosen accounts, or one of them. */
const AccountChoice = () => {
  const accounts = accountsOf(useStore((s) => s.parts));
  const isForEach = useStore((s) => s.isForEach) && accounts.length > 1;
  const { exchange, accountType } = useStore((s) => s.market);
  const current = accounts.find((a) => a.exchange === exchange && (!accountType || a.accountType === accountType)) ?? accounts[0];
  useEffect(() => {
    if (current && (current.exchange !== exchange || current.accountType !== accountType)) lookAt(state.market.symbol, current);
  }, [current?.key]);
  if (!current) return null;
  const each = accounts.length > 1 ? [{ value: EACH, label: t("where.each", { count: accounts.length }) }] : [];
  const options = [...each, ...accounts.map(accountOption), { value: OTHERS, label: t("where.choose") }];
  const value = isForEach ? EACH : current.key;
  const choose = (chosen, select) => {
    if (chosen === OTHERS) {
      select.value = value;
      chooseAccounts();
      return;
    }
    update({ isForEach: chosen === EACH });
    if (chosen !== EACH) lookAt(state.market.symbol, accounts.find((a) => a.key === chosen));
  };
  const types = isForEach ? accounts.map((a) => a.accountType) : [current.accountType];
  return html`<div class="account-choice" data-type=${types.includes("real") ? "real" : types[0]}><${Select} label=${t("ticket.account")} value=${value} options=${options} onChange=${choose} /></div>`;
};

/** Return what the server is asked to preview; null while something is missing or malformed. */
const bodyOf = (form, market, places) => {
  if (NUMBERS.some((name) => form[name] !== "" && !isNumber(form[name])) || form.amount === "" || (form.type === "limit" && form.price === "")) return null;
  if (form.unit === "risk_percent" && form.stop === "") return null;
  const level = (name) => (form[name] === "" ? null : { amount: plainNumber(form[name]), unit: form[`${name}Unit`] });
  return {
    symbol: market.symbol,
    side: form.side,
    size: { amount: plainNumber(form.amount), unit: form.unit },
    price: form.type === "limit" ? plainNumber(form.price) : null,
    leverage: form.leverage === "" ? null : plainNumber(form.leverage),
    stop_loss: level("stop"),
    take_profits: form.target === "" ? [] : [level("target")],
    time_in_force: form.type === "limit" && form.isPostOnly ? "post_only" : "gtc",
    reduce_only: form.isReduceOnly,
    accounts: places,
  };
};

const NOTHING = { preview: null, error: null, isBusy: false };

/** Preview what a form stands for: shortly after each change, again before it gets old, and soon again if it was refused. */
const usePreview = (form, market, places) => {
  const [answer, setAnswer] = useState({ asked: null, preview: null, error: null });
  const [round, setRound] = useState(0);
  const asked = JSON.stringify(bodyOf(form, market, places));
  const isEmpty = asked === "null";
  useEffect(() => {
    if (isEmpty) return undefined;
    const abort = new AbortController();
    let timer;
    const look = async () => {
      if (document.visibilityState !== "visible" || state.sheets.length > 0) {
        timer = setTimeout(look, AWAY_MS);
        return;
      }
      const told = await previewed(asked, abort.signal);
      if (abort.signal.aborted) return;
      setAnswer({ asked, ...told });
      timer = setTimeout(look, told.error ? RETRY_MS : FRESH_MS);
    };
    timer = setTimeout(look, TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked, round]);
  const isBusy = answer.asked !== asked;
  // what was refused says nothing of what is typed now; a preview may stay in sight, dimmed, until the next one is there
  const shown = isEmpty ? NOTHING : { preview: answer.preview, error: isBusy ? null : answer.error, isBusy };
  return { ...shown, refresh: () => setRound((n) => n + 1) };
};

const previewed = async (asked, signal) => {
  try {
    return { preview: await post("/api/trading/order/preview", JSON.parse(asked), { signal }), error: null };
  } catch (error) {
    return { preview: null, error };
  }
};
