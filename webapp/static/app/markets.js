// Markets: their grids, remembered per venue, and the dialog that finds one.

import { html, useEffect, useRef, useState } from "../vendor/preact.module.js";
import { get } from "./api.js";
import { leverage } from "./format.js";
import { errorText, t } from "./i18n.js";
import { state, update } from "./store.js";
import { Empty, Field, Loading, Sheet, venueTitle } from "./ui.js";

const known = new Map();
const TYPING_MS = 200;

const nameOf = ({ exchange, accountType, symbol }) => `${exchange}/${accountType}/${symbol}`;

/** Return a market's grid and limits, asking for them once. */
export const instrumentOf = async (market) => {
  const name = nameOf(market);
  if (!known.has(name)) {
    const rows = await get("/api/trading/instruments", { exchange: market.exchange, account_type: market.accountType, text: market.symbol, limit: 50 });
    for (const row of rows) known.set(nameOf({ ...market, symbol: row.symbol }), row);
    if (!known.has(name)) known.set(name, null);
  }
  return known.get(name);
};

/** Return a market's grid once it is known; null until then. */
export const useInstrument = (market) => {
  const [instrument, setInstrument] = useState(known.get(nameOf(market)) ?? null);
  useEffect(() => {
    let isCurrent = true;
    setInstrument(known.get(nameOf(market)) ?? null);
    instrumentOf(market)
      .then((found) => isCurrent && setInstrument(found))
      .catch(() => {}); // the chart and the ticket tell the same problem themselves
    return () => {
      isCurrent = false;
    };
  }, [market.exchange, market.accountType, market.symbol]);
  return instrument;
};

/** Look at a market: chart, ticket and live price follow. */
export const lookAt = (symbol, { exchange = state.market.exchange, accountType = state.market.accountType } = {}) =>
  update({ market: { exchange, accountType, symbol } });

/** The dialog that finds a market by its name. */
export const MarketPicker = ({ close }) => {
  const [text, setText] = useState("");
  const [found, setFound] = useState({ rows: null, error: null });
  const input = useRef(null);
  const { exchange, accountType } = state.market;
  useEffect(() => input.current?.querySelector("input")?.focus(), []);
  useEffect(() => {
    const timer = setTimeout(() => {
      get("/api/trading/instruments", { exchange, account_type: accountType, text: text.replace(/[^\w:./-]/g, ""), limit: 60 })
        .then((rows) => setFound({ rows, error: null }))
        .catch((error) => setFound({ rows: null, error }));
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const choose = (row) => {
    lookAt(row.symbol);
    close();
  };
  const title = t("markets.title", { venue: venueTitle(exchange) });
  return html`
    <${Sheet} title=${title} close=${close}>
      <div ref=${input} class="sticky"><${Field} name="market" label=${t("markets.search")} value=${text} onInput=${setText} inputMode="search" placeholder="BTC" maxlength="30" /></div>
      ${found.error ? html`<${Empty} title=${errorText(found.error)} />` : found.rows === null ? html`<${Loading} />` : html`<${Found} rows=${found.rows} choose=${choose} />`}
    <//>
  `;
};

const Found = ({ rows, choose }) => {
  if (rows.length === 0) return html`<${Empty} title=${t("markets.none")} />`;
  return html`
    <ul class="choices">
      ${rows.map(
        (row) => html`
          <li key=${row.native_symbol}>
            <button type="button" onClick=${() => choose(row)} aria-current=${row.symbol === state.market.symbol ? "true" : undefined}>
              <span><b>${row.base}</b><small>${row.symbol}</small></span>
              <small>${t("markets.upTo", { leverage: leverage(row.max_leverage) })}</small>
            </button>
          </li>
        `,
      )}
    </ul>
  `;
};
