// The terminal: a market's price and chart, the ticket, and what is held and waiting there.

import { html, useState } from "../../vendor/preact.module.js";
import { Chart } from "../chart.js";
import { protect } from "../deeds.js";
import { exact, price } from "../format.js";
import { t } from "../i18n.js";
import { Icon } from "../icons.js";
import { accountsOf, tickerOf } from "../live.js";
import { MarketPicker, useInstrument } from "../markets.js";
import { protectionOf } from "../protection.js";
import { openSheet, useStore } from "../store.js";
import { Gain, Problem, Segments, Side } from "../ui.js";
import { OrderList } from "./orders.js";
import { Money, Positions } from "./portfolio.js";
import { Ticket } from "./ticket.js";

export const Trade = () => {
  const parts = useStore((s) => s.parts);
  const market = useStore((s) => s.market);
  const instrument = useInstrument(market);
  const accounts = accountsOf(parts);
  const account = accounts.find((a) => a.exchange === market.exchange && (!market.accountType || a.accountType === market.accountType)) ?? null;
  const position = account?.positions?.data?.find((one) => one.symbol === market.symbol) ?? null;
  const orders = (account?.orders?.data ?? []).filter((order) => order.symbol === market.symbol);
  const protection = position ? protectionOf(position, orders) : { stop: null, target: null };
  const resting = orders.filter((order) => !order.reduce_only);
  const onLevel = (kind, value) => protect(position, { [kind]: value });
  return html`
    <div class="terminal">
      <div class="terminal-main">
        <${MarketBar} market=${market} instrument=${instrument} ticker=${tickerOf(parts, market)} />
        ${position && html`<p class="held"><${Side} side=${position.side} leverage=${position.leverage && exact(position.leverage)} /> ${exact(position.size)} ${instrument?.base ?? ""} <${Gain} value=${position.unrealized_pnl} /></p>`}
        <${Chart} ...${{ market, instrument, position, protection, orders: resting, onLevel }} />
        <${Below} accounts=${accounts} />
      </div>
      <aside class="terminal-side">
        ${account && html`<div class="wide-only"><${Money} account=${account} /></div>`}
        <${Ticket} market=${market} instrument=${instrument} />
      </aside>
    </div>
  `;
};

const MarketBar = ({ market, instrument, ticker }) => {
  const data = ticker?.data;
  const change = data?.change_24h_fraction;
  return html`
    <div class="market-bar" data-stale=${Boolean(ticker?.error)}>
      <button type="button" class="market-name" onClick=${() => openSheet(MarketPicker)} aria-label=${t("markets.choose", { symbol: market.symbol })}>
        <b>${market.symbol}</b><${Icon} name="down" size=${18} />
      </button>
      <strong class="last" data-way=${change > 0 ? "up" : change < 0 ? "down" : "flat"}>${price(data?.last_price ?? data?.mark_price, instrument)}</strong>
      ${change !== null && change !== undefined && html`<${Gain} value=${Number(change) * 100} suffix=" %" />`}
      <dl class="facts slim">
        <div><dt>${t("common.mark")}</dt><dd>${price(data?.mark_price, instrument)}</dd></div>
        <div><dt>${t("market.high")}</dt><dd>${price(data?.high_24h, instrument)}</dd></div>
        <div><dt>${t("market.low")}</dt><dd>${price(data?.low_24h, instrument)}</dd></div>
        <div><dt>${t("market.funding")}</dt><dd>${data?.funding_rate ? `${exact((Number(data.funding_rate) * 100).toFixed(4))} %` : "—"}</dd></div>
      </dl>
      ${ticker?.error && html`<${Problem} error=${ticker.error} at=${ticker.at} />`}
    </div>
  `;
};

/** On a wide screen positions and orders stand under the chart. */
const Below = ({ accounts }) => {
  const [tab, setTab] = useState("positions");
  return html`
    <div class="below wide-only">
      <${Segments} label=${t("nav.label")} kind="tabs" value=${tab} onChange=${setTab} options=${["positions", "orders"].map((value) => ({ value, label: t(`nav.${value}`) }))} />
      ${tab === "positions" ? html`<${Positions} accounts=${accounts} />` : html`<${OrderList} accounts=${accounts} />`}
    </div>
  `;
};
