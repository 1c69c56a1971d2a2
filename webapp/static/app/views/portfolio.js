// What is owned and what is open: money on top, then the positions of every chosen account.

import { html } from "../../vendor/preact.module.js";
import { closeAll, closePosition } from "../deeds.js";
import { exact, leverage, money, percent, price } from "../format.js";
import { t } from "../i18n.js";
import { accountsOf } from "../live.js";
import { lookAt } from "../markets.js";
import { protectionOf } from "../protection.js";
import { openSheet, state, update, useStore } from "../store.js";
import { AccountName, Button, Empty, Gain, IconButton, Loading, Problem, Side, canTrade } from "../ui.js";
import { Levels } from "./levels.js";

const SHARES = ["25", "50", "75", "100"];

export const Portfolio = () => {
  const accounts = accountsOf(useStore((s) => s.parts));
  if (accounts.length === 0) return html`<${Loading} />`;
  return html`
    <div class="stack">
      ${accounts.map((account) => html`<${Money} key=${account.key} account=${account} />`)}
      <${Positions} accounts=${accounts} />
    </div>
  `;
};

/** One account's money. What is not known shows a dash and says why. */
export const Money = ({ account }) => {
  const part = account.balance;
  const money_ = part?.data;
  const used = money_ && Number(money_.equity) > 0 && money_.margin_used ? Math.min(1, Number(money_.margin_used) / Number(money_.equity)) : null;
  return html`
    <section class="card money" data-stale=${Boolean(part?.error)} aria-label=${t("money.label")}>
      <header><${AccountName} exchange=${account.exchange} type=${account.accountType} />${part?.isFallback && html`<small class="faint">${t("money.fallback")}</small>`}</header>
      <div class="figures">
        <div><small>${t("money.equity")}</small><strong class="big">${money(money_?.equity)}<small> ${money_?.currency ?? ""}</small></strong></div>
        <div><small>${t("money.unrealized")}</small><${Gain} value=${money_?.unrealized_pnl} isLarge=${true} /></div>
        <div><small>${t("money.available")}</small><strong>${money(money_?.available)}</strong></div>
        <div><small>${t("common.margin")}</small><strong>${money(money_?.margin_used)}${used === null ? "" : html` <small>${percent(used)}</small>`}</strong></div>
      </div>
      ${used !== null && html`<meter class="used" min="0" max="1" low="0.5" high="0.8" optimum="0" value=${used} aria-label=${t("money.used")}></meter>`}
      ${part?.error && html`<${Problem} error=${part.error} at=${part.at} />`}
    </section>
  `;
};

/** The open positions of some accounts. */
export const Positions = ({ accounts }) => {
  const held = accounts.flatMap((account) => (account.positions?.data ?? []).map((position) => ({ position, account })));
  const failed = accounts.filter((account) => account.positions?.error);
  const isKnown = accounts.length > 0 && accounts.every((account) => account.positions?.data);
  return html`
    <section aria-label=${t("positions.title")}>
      <div class="section-head">
        <h2>${t("positions.title")} ${held.length > 0 && html`<span class="count">${held.length}</span>`}</h2>
        ${held.length > 0 && canTrade() && html`<${Button} kind="quiet-danger" onClick=${closeAll}>${t("closeAll.button")}<//>`}
      </div>
      ${failed.map((account) => html`<${Problem} key=${account.key} error=${account.positions.error} at=${account.positions.at} />`)}
      ${held.map(({ position, account }) => html`<${Position} key=${`${account.key}/${position.symbol}/${position.side}`} position=${position} account=${account} />`)}
      ${held.length === 0 && isKnown && failed.length === 0 && html`<${Empty} title=${t("positions.none")}>${state.view !== "trade" && html`<${Button} kind="primary" onClick=${() => update({ view: "trade" })}>${t("positions.first")}<//>`}<//>`}
      ${!isKnown && failed.length === 0 && html`<${Loading} />`}
    </section>
  `;
};

const Position = ({ position, account }) => {
  const protection = protectionOf(position, account.orders?.data ?? []);
  const onChart = () => {
    lookAt(position.symbol, { exchange: account.exchange, accountType: account.accountType });
    update({ view: "trade", isForEach: false });
  };
  const edit = () => openSheet(({ close }) => html`<${Levels} ...${{ position, protection, close }} />`);
  const ofMargin = position.unrealized_pnl && position.margin_used > 0 ? position.unrealized_pnl / position.margin_used : null;
  return html`
    <article class="card position" data-stale=${Boolean(account.positions.error)} aria-label=${`${position.symbol} ${t(`side.${position.side}`)}`}>
      <header>
        <button type="button" class="name" onClick=${onChart}><b>${position.symbol}</b></button>
        <${Side} side=${position.side} leverage=${position.leverage && exact(position.leverage)} />
        <${AccountName} exchange=${account.exchange} type=${account.accountType} />
      </header>
      <div class="result"><${Gain} value=${position.unrealized_pnl} isLarge=${true} />${ofMargin !== null && html`<small class="faint">${percent(ofMargin, { isSigned: true })}</small>`}</div>
      <dl class="facts">
        <div><dt>${t("common.size")}</dt><dd>${exact(position.size)}</dd></div>
        <div><dt>${t("common.entry")}</dt><dd>${price(position.entry_price)}</dd></div>
        <div><dt>${t("common.mark")}</dt><dd>${price(position.mark_price)}</dd></div>
        <div><dt>${t("ticket.value")}</dt><dd>${money(position.notional)}</dd></div>
        <div><dt>${t("common.margin")}</dt><dd>${money(position.margin_used)}${position.margin_mode && html`<small>${t(`marginMode.${position.margin_mode}`)}</small>`}</dd></div>
        <div><dt>${t("common.liquidation")}</dt><dd>${price(position.liquidation_price)}</dd></div>
        <div class="levels"><dt>${t("common.stopTarget")}</dt><dd class=${protection.stop ? "" : "naked"}>${protection.stop ? price(protection.stop) : t("positions.noStop")}${protection.target ? ` / ${price(protection.target)}` : ""}</dd></div>
      </dl>
      ${canTrade() &&
      html`
        <div class="actions">
          <${Button} onClick=${edit} data-role="levels">${t("common.stopTarget")}<//>
          <div class="shares" role="group" aria-label=${t("close.title", { symbol: position.symbol })}>
            <span class="faint">${t("close.short")}</span>
            ${SHARES.map((share) => html`<button type="button" key=${share} onClick=${() => closePosition(position, share)} aria-label=${share === "100" ? `${t("close.short")}: ${t("close.all")}` : t("close.share", { share })}>${share === "100" ? t("close.all") : `${share}%`}</button>`)}
          </div>
          <${IconButton} icon="trade" label=${t("positions.chart")} onClick=${onChart} />
        </div>
      `}
    </article>
  `;
};
