// What waits at the venues: resting, conditional and protection orders of every chosen account.

import { html } from "../../vendor/preact.module.js";
import { cancelAll, cancelOrder } from "../deeds.js";
import { dayTime, exact, price } from "../format.js";
import { t } from "../i18n.js";
import { accountsOf } from "../live.js";
import { useStore } from "../store.js";
import { AccountName, Button, Empty, Loading, Problem, Side, canTrade } from "../ui.js";

export const Orders = () => {
  const accounts = accountsOf(useStore((s) => s.parts));
  return html`<div class="stack"><${OrderList} accounts=${accounts} /></div>`;
};

/** The open orders of some accounts. */
export const OrderList = ({ accounts }) => {
  const waiting = accounts.flatMap((account) => account.orders?.data ?? []);
  const failed = accounts.filter((account) => account.orders?.error);
  const isKnown = accounts.length > 0 && accounts.every((account) => account.orders?.data);
  return html`
    <section aria-label=${t("orders.title")}>
      <div class="section-head">
        <h2>${t("orders.title")} ${waiting.length > 0 && html`<span class="count">${waiting.length}</span>`}</h2>
        ${waiting.length > 1 && canTrade() && html`<${Button} kind="quiet-danger" onClick=${cancelAll}>${t("cancelAll.button")}<//>`}
      </div>
      ${failed.map((account) => html`<${Problem} key=${account.key} error=${account.orders.error} at=${account.orders.at} />`)}
      ${waiting.map((order) => html`<${OrderRow} key=${order.exchange + order.order_id} order=${order} />`)}
      ${waiting.length === 0 && isKnown && failed.length === 0 && html`<${Empty} title=${t("orders.none")} />`}
      ${!isKnown && failed.length === 0 && html`<${Loading} />`}
    </section>
  `;
};

const OrderRow = ({ order }) => html`
  <article class="card order" aria-label=${`${order.symbol} ${t(`orderType.${order.order_type}`)}`}>
    <header>
      <b>${order.symbol}</b> <${Side} side=${order.side} />
      <span class="kind">${t(`orderType.${order.order_type}`)}${order.reduce_only ? html` · <span class="faint">${t("orders.reduceOnly")}</span>` : ""}</span>
    </header>
    <dl class="facts">
      <div><dt>${order.trigger_price ? t("orders.trigger") : t("common.price")}</dt><dd>${price(order.trigger_price ?? order.price)}</dd></div>
      <div><dt>${t("common.size")}</dt><dd>${order.size ? exact(order.size) : t("orders.wholePosition")}${Number(order.filled_size) > 0 ? html` <small>${t("orders.filled", { size: exact(order.filled_size) })}</small>` : ""}</dd></div>
      <div><dt>${t("orders.since")}</dt><dd>${dayTime(order.created_at)}</dd></div>
    </dl>
    <footer>
      <${AccountName} exchange=${order.exchange} type=${order.account_type} />
      ${canTrade() && html`<${Button} kind="quiet-danger" onClick=${() => cancelOrder(order)}>${t("cancel.button")}<//>`}
    </footer>
  </article>
`;
