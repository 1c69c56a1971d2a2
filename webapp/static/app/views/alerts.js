// Price alerts: a line on a market. The bot tells in the chat when the price crosses it, once.

import { html, useState } from "../../vendor/preact.module.js";
import { post, remove } from "../api.js";
import { price } from "../format.js";
import { errorText, t } from "../i18n.js";
import { Missing, useAnswer } from "../loading.js";
import { fieldOf, isNumber, numberProblem, plainNumber, symbolProblem } from "../numbers.js";
import { openSheet, state } from "../store.js";
import { AccountName, Button, Field, IconButton, Problem, Segments, Sheet, canTrade } from "../ui.js";
import { attempt } from "./more.js";

export const Alerts = () => {
  const answer = useAnswer("/api/alerts");
  const add = () => openSheet(({ close }) => html`<${NewAlert} close=${close} reload=${answer.reload} />`);
  return html`
    <section class="card" aria-label=${t("alerts.title")}>
      <div class="section-head"><h2>${t("alerts.title")}</h2>${canTrade() && html`<${Button} onClick=${add}>${t("alerts.add")}<//>`}</div>
      <${Missing} answer=${answer} />
      ${answer.data?.length === 0 && html`<p class="note">${t("alerts.none")}</p>`}
      ${answer.data?.map((row) => html`<${Alert} key=${row.id} row=${row} reload=${answer.reload} />`)}
    </section>
  `;
};

const Alert = ({ row, reload }) => {
  const drop = () => attempt(() => remove(`/api/alerts/${row.id}`)).then(reload);
  return html`
    <div class="setting">
      <span><b>${row.symbol}</b> ${t(`alerts.${row.direction}`)} <b>${price(row.price)}</b><small><${AccountName} exchange=${row.exchange} type=${row.account_type} />${row.note && ` · ${row.note}`}</small></span>
      ${canTrade() && html`<${IconButton} icon="trash" label=${t("alerts.remove")} onClick=${drop} />`}
    </div>
  `;
};

const NewAlert = ({ close, reload }) => {
  const [symbol, setSymbol] = useState(state.market.symbol);
  const [direction, setDirection] = useState("above");
  const [level, setLevel] = useState("");
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState(null);
  const submit = async () => {
    try {
      const { exchange, accountType } = state.market;
      await post("/api/alerts", { exchange, account_type: accountType, symbol: symbol.trim(), direction, price: plainNumber(level), note });
      reload();
      close();
    } catch (error) {
      setProblem(error);
    }
  };
  const change = (set) => (value) => {
    setProblem(null);
    set(value);
  };
  const problemOf = (name, wrong) => (wrong ? t(wrong) : fieldOf(problem) === name ? errorText(problem) : null);
  const isReady = isNumber(level) && symbol.trim() !== "" && symbolProblem(symbol) === null;
  const footer = html`<${Button} kind="primary" disabled=${!isReady} onClick=${submit}>${t("alerts.add")}<//>`;
  return html`
    <${Sheet} title=${t("alerts.new")} close=${close} footer=${footer}>
      <${Field} name="alert-symbol" label=${t("common.market")} value=${symbol} onInput=${change(setSymbol)} inputMode="text" problem=${problemOf("symbol", symbolProblem(symbol))} />
      <${Segments} label=${t("alerts.direction")} value=${direction} onChange=${change(setDirection)} options=${["above", "below"].map((value) => ({ value, label: t(`alerts.${value}`) }))} />
      <${Field} name="alert-price" label=${t("common.price")} value=${level} onInput=${change(setLevel)} problem=${problemOf("price", numberProblem(level))} />
      <${Field} name="alert-note" label=${`${t("alerts.note")} (${t("form.optional")})`} value=${note} onInput=${setNote} inputMode="text" maxlength="100" />
      ${problem && !["symbol", "price"].includes(fieldOf(problem)) && html`<${Problem} error=${problem} />`}
    <//>
  `;
};
