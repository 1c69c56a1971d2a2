// What was earned and lost: a stretch of time added up, its curve, and what happened one by one.

import { AreaSeries, createChart } from "../../vendor/lightweight-charts.mjs";
import { html, useEffect, useRef, useState } from "../../vendor/preact.module.js";
import { colour, looks } from "../chart.js";
import { dayTime, exact, money, percent, price } from "../format.js";
import { t } from "../i18n.js";
import { accountsOf } from "../live.js";
import { Missing, useAnswer } from "../loading.js";
import { useStore } from "../store.js";
import { AccountName, Empty, Gain, Loading, Segments, Select, Side, accountOption } from "../ui.js";

const PERIODS = ["day", "week", "month"];
const KINDS = ["closed_pnl", "fills", "funding"];
const DAYS = { day: 1, week: 7, month: 30 };

export const History = () => {
  const accounts = accountsOf(useStore((s) => s.parts));
  const [key, setKey] = useState(null);
  const [period, setPeriod] = useState("week");
  const [kind, setKind] = useState("closed_pnl");
  const account = accounts.find((one) => one.key === key) ?? accounts[0];
  if (!account) return html`<${Loading} />`;
  const where = { exchange: account.exchange, account_type: account.accountType };
  return html`
    <div class="stack">
      <div class="toolbar">
        ${accounts.length > 1
          ? html`<${Select} label=${t("ticket.account")} value=${account.key} onChange=${setKey} options=${accounts.map(accountOption)} />`
          : html`<${AccountName} exchange=${account.exchange} type=${account.accountType} />`}
        <${Segments} label=${t("history.period")} value=${period} onChange=${setPeriod} options=${PERIODS.map((value) => ({ value, label: t(`history.${value}`) }))} />
      </div>
      <${Stats} where=${where} period=${period} />
      <${Segments} label=${t("history.kind")} kind="tabs" value=${kind} onChange=${setKind} options=${KINDS.map((value) => ({ value, label: t(`history.${value}`) }))} />
      <${Events} where=${where} kind=${kind} days=${DAYS[period]} />
    </div>
  `;
};

const Stats = ({ where, period }) => {
  const answer = useAnswer("/api/trading/stats", { ...where, period });
  const { data, error } = answer;
  if (error || !data) return html`<${Missing} answer=${answer} />`;
  return html`
    <section class="card" aria-label=${t("history.summary")}>
      <div class="figures">
        <div><small>${t("history.total")}</small><${Gain} value=${data.total} isLarge=${true} /></div>
        <div><small>${t("history.trades")}</small><strong>${data.trades}</strong></div>
        <div><small>${t("history.wins")}</small><strong>${percent(data.win_fraction)}</strong></div>
        <div><small>${t("common.fees")}</small><strong>${money(data.fees)}</strong></div>
        <div><small>${t("market.funding")}</small><${Gain} value=${data.funding} /></div>
      </div>
      ${data.curve.length > 1 ? html`<${Curve} points=${data.curve} />` : html`<p class="note">${t("history.noCurve")}</p>`}
    </section>
  `;
};

const areaColours = () => ({ lineColor: colour("--accent"), topColor: colour("--accent-soft"), bottomColor: "transparent", lineWidth: 2, priceLineVisible: false });

/** The result as it grew; the figures above say the same in numbers. */
const Curve = ({ points }) => {
  const frame = useRef(null);
  useEffect(() => {
    const chart = createChart(frame.current, { autoSize: true, ...looks(), handleScroll: false, handleScale: false });
    const series = chart.addSeries(AreaSeries, { ...areaColours(), priceFormat: { type: "custom", formatter: (value) => money(value), minMove: 0.01 } });
    const bySecond = new Map(points.map((point) => [Math.floor(new Date(point.at).getTime() / 1000), Number(point.total)]));
    series.setData([...bySecond].map(([time, value]) => ({ time, value })));
    chart.timeScale().fitContent();
    const restyle = () => {
      chart.applyOptions(looks());
      series.applyOptions(areaColours());
    };
    addEventListener("themechange", restyle);
    return () => {
      removeEventListener("themechange", restyle);
      chart.remove();
    };
  }, [points]);
  return html`<div class="curve" role="img" aria-label=${t("history.curve", { total: money(points[points.length - 1].total, { isSigned: true }) })}><div ref=${frame}></div></div>`;
};

const Events = ({ where, kind, days }) => {
  const answer = useAnswer("/api/trading/history", { ...where, kind, days });
  const { data, error } = answer;
  if (error || !data) return html`<${Missing} answer=${answer} />`;
  if (data.length === 0) return html`<${Empty} title=${t("history.none")} />`;
  const Line = { closed_pnl: Closed, fills: Fill, funding: Funding }[kind];
  return html`<ul class="events card">${data.map((row, n) => html`<li key=${n}><${Line} row=${row} /></li>`)}</ul>`;
};

const Closed = ({ row }) => html`
  <div><b>${row.symbol}</b> <${Side} side=${row.side} /><small>${dayTime(row.closed_at)}</small></div>
  <div class="faint">${exact(row.size)} · ${price(row.entry_price)} → ${price(row.exit_price)}</div>
  <${Gain} value=${row.pnl} />
`;

const Fill = ({ row }) => html`
  <div><b>${row.symbol}</b> <${Side} side=${row.side} /><small>${dayTime(row.filled_at)}</small></div>
  <div class="faint">${exact(row.size)} × ${price(row.price)} · ${t("common.fee")} ${money(row.fee)}</div>
  <${Gain} value=${row.realized_pnl} />
`;

const Funding = ({ row }) => html`
  <div><b>${row.symbol}</b><small>${dayTime(row.paid_at)}</small></div>
  <div></div>
  <${Gain} value=${row.amount} decimals=${4} />
`;
