// What can be done to positions and orders, each with the preview it shows.

import { html } from "../vendor/preact.module.js";
import { confirmDeed } from "./confirm.js";
import { exact, fixed, leverage, money, percent, price } from "./format.js";
import { t } from "./i18n.js";
import { AccountName, Gain, Problem, Row, Side } from "./ui.js";

const of = (position) => ({
  exchange: position.exchange,
  account_type: position.account_type,
  symbol: position.symbol,
  side: position.side,
});

const Whose = ({ what }) => html`<p class="whose"><${AccountName} exchange=${what.exchange} type=${what.account_type} /></p>`;

/** Close a position, wholly or some per cent of it. */
export const closePosition = (position, share = "100") =>
  confirmDeed({
    path: "/api/trading/close",
    body: { ...of(position), percent: share },
    title: t("close.title", { symbol: position.symbol }),
    label: (preview) => t("close.confirm", { size: exact(preview.size), symbol: position.symbol }),
    isDangerous: true,
    view: (preview) => html`
      <${Whose} what=${preview.position} />
      <dl class="rows">
        <${Row} label=${t("common.position")}><${Side} side=${preview.position.side} /> ${exact(preview.position.size)}<//>
        <${Row} label=${t("close.closing")}>${exact(preview.size)} · ${percent(preview.share)}<//>
        <${Row} label=${t("common.entry")}>${price(preview.position.entry_price)}<//>
        <${Row} label=${t("common.mark")}>${price(preview.position.mark_price)}<//>
        <${Row} label=${t("close.result")}>≈ <${Gain} value=${preview.pnl_estimate} /><//>
      </dl>
      <p class="note">${t("close.note")}</p>
    `,
  });

/** Close every position of the chosen accounts. */
export const closeAll = () =>
  confirmDeed({
    path: "/api/trading/close-all",
    body: {},
    title: t("closeAll.title"),
    label: (preview) => t("closeAll.confirm", { count: preview.positions.length }),
    isDangerous: true,
    view: (preview) => html`
      <ul class="plain-list">
        ${preview.positions.map(
          (position) => html`
            <li key=${JSON.stringify(of(position))}>
              <span><b>${position.symbol}</b> <${Side} side=${position.side} /> ${exact(position.size)}<br /><${AccountName} exchange=${position.exchange} type=${position.account_type} /></span>
              <${Gain} value=${position.unrealized_pnl} />
            </li>
          `,
        )}
      </ul>
      ${preview.problems.map((problem) => html`<${Problem} error=${problem.error} />`)}
      <p class="note">${t("closeAll.note")}</p>
    `,
  });

/** Set a position's stop or target: a price text sets, null leaves, "0" removes. */
export const protect = (position, { stop = null, target = null }, more = {}) =>
  confirmDeed({
    path: "/api/trading/tpsl",
    body: { ...of(position), stop_loss: stop, take_profit: target },
    title: t("protect.title", { symbol: position.symbol }),
    label: () => (stop === "0" || target === "0" ? t("protect.remove") : t("protect.confirm")),
    isDangerous: stop === "0" || target === "0",
    ...more,
    view: (preview) => html`
      <${Whose} what=${preview.position} />
      <dl class="rows">
        <${Row} label=${t("common.position")}><${Side} side=${preview.position.side} /> ${exact(preview.position.size)}<//>
        <${Row} label=${t("common.mark")}>${price(preview.position.mark_price)}<//>
        <${Change} label=${t("common.stop")} change=${preview.stop_loss} entry=${preview.position.entry_price} />
        <${Change} label=${t("common.target")} change=${preview.take_profit} entry=${preview.position.entry_price} />
      </dl>
    `,
  });

const Change = ({ label, change, entry }) => {
  if (!change) return null;
  const distance = change.to ? Number(change.to) / Number(entry) - 1 : null;
  return html`
    <${Row} label=${label}>
      ${change.from ? html`<s>${price(change.from)}</s> → ` : ""}<b>${change.to ? price(change.to) : t("protect.none")}</b>
    <//>
    ${change.to &&
    html`<${Row} label=${t("protect.result", { level: label.toLowerCase() })}>≈ <${Gain} value=${change.result_estimate} /> · ${percent(distance, { isSigned: true })}<//>`}
  `;
};

/** Cancel one open order. */
export const cancelOrder = (order) =>
  confirmDeed({
    path: "/api/trading/cancel",
    body: { exchange: order.exchange, account_type: order.account_type, order_id: order.order_id },
    title: t("cancel.title", { symbol: order.symbol }),
    label: () => t("cancel.confirm"),
    isDangerous: true,
    view: ({ order: shown }) => html`
      <${Whose} what=${shown} />
      <dl class="rows">
        <${Row} label=${t(`orderType.${shown.order_type}`)}><${Side} side=${shown.side} /> ${shown.size ? exact(shown.size) : t("orders.wholePosition")}<//>
        <${Row} label=${t("common.price")}>${price(shown.trigger_price ?? shown.price)}<//>
      </dl>
      ${shown.reduce_only && html`<p class="note">${t("cancel.unprotected")}</p>`}
    `,
  });

/** Cancel every open order of the chosen accounts. */
export const cancelAll = () =>
  confirmDeed({
    path: "/api/trading/cancel-all",
    body: {},
    title: t("cancelAll.title"),
    label: (preview) => t("cancelAll.confirm", { count: preview.orders.length }),
    isDangerous: true,
    view: (preview) => html`
      <ul class="plain-list">
        ${preview.orders.map((order) => html`<li key=${order.order_id}><span><b>${order.symbol}</b> ${t(`orderType.${order.order_type}`)}</span><span>${price(order.trigger_price ?? order.price)}</span></li>`)}
      </ul>
      <p class="note">${t("cancelAll.note")}</p>
    `,
  });

/** Show and confirm the order of a ticket; `body` is what it was previewed with. */
export const placeOrder = (body, first, onDone) =>
  confirmDeed({
    path: "/api/trading/order",
    body,
    first,
    title: t("ticket.review"),
    label: (preview) => orderLabel(preview),
    isDangerous: body.side === "sell",
    kind: body.side,
    onDone,
    view: (preview) => html`<${OrderPreviews} preview=${preview} />`,
  });

/** The exact order of each account, and why an account can take none. */
export const OrderPreviews = ({ preview }) => html`
  ${preview.orders.map((order) => html`<${OrderPreview} key=${order.account.exchange + order.account.account_type} order=${order} />`)}
  ${preview.problems.map((problem) => html`<${Problem} key=${problem.exchange + problem.account_type} error=${problem.error}><${AccountName} exchange=${problem.exchange} type=${problem.account_type} /><//>`)}
`;

/** Say what a confirmation sends, with whose money. */
export const orderLabel = ({ orders }) => {
  const order = orders[0];
  const words = { size: exact(order.size), base: order.instrument.base, account: order.account.account_type.toUpperCase() };
  const types = [...new Set(orders.map((one) => one.account.account_type.toUpperCase()))].join(" + ");
  return orders.length > 1 ? t(`ticket.confirmSeveral.${order.side}`, { count: orders.length, account: types }) : t(`ticket.confirm.${order.side}`, words);
};

/** The exact order and what it would cost. */
export const OrderPreview = ({ order }) => html`
  <section class="order-preview" aria-label=${t("ticket.preview")}>
    <p class="whose"><${AccountName} exchange=${order.account.exchange} type=${order.account.account_type} /></p>
    <dl class="rows">
      <${Row} label=${t(`side.${order.side}`)}><b>${exact(order.size)} ${order.instrument.base}</b><//>
      <${Row} label=${t(order.price ? "ticket.limitPrice" : "ticket.marketPrice")}>${order.price ? "" : "≈ "}${price(order.reference_price, order.instrument)}<//>
      <${Row} label=${t("ticket.value")}>≈ ${money(order.notional)} ${order.instrument.quote}<//>
      <${Row} label=${t("common.leverage")}>${leverage(order.leverage)}${order.leverage_change ? html` <small>${t("ticket.setFirst")}</small>` : ""}<//>
      <${Row} label=${t("common.margin")}>${order.margin ? `≈ ${money(order.margin)}` : "—"}<//>
      <${Row} label=${t("common.fee")}>${order.fee_estimate ? `≈ ${money(order.fee_estimate)}` : "—"}<//>
      <${Row} label=${t("common.liquidation")}>${order.liquidation_estimate ? `≈ ${price(order.liquidation_estimate, order.instrument)}` : "—"}<//>
      ${order.stop_loss &&
      html`<${Row} label=${t("common.stop")}>${price(order.stop_loss, order.instrument)} · ≈ ${money(-Number(order.risk_amount))}<//>`}
      ${order.targets.map((target) => html`<${Row} label=${t("common.target")}>${price(target.price, order.instrument)}${order.targets.length > 1 ? ` · ${exact(target.size)}` : ""}<//>`)}
      ${order.risk_reward && html`<${Row} label=${t("ticket.riskReward")}>1 : ${fixed(order.risk_reward, 2)}<//>`}
    </dl>
    ${order.warnings.map((code) => html`<p class="warning" key=${code}>${t(`warning.${code}`)}</p>`)}
  </section>
`;
