// Candles with the lines that matter: entry, stop, target, liquidation, resting orders. Stop and target can be dragged.

import { CandlestickSeries, HistogramSeries, LineStyle, createChart } from "../vendor/lightweight-charts.mjs";
import { html, useEffect, useRef, useState } from "../vendor/preact.module.js";
import { get } from "./api.js";
import { decimalsAt, exact, fixed, price } from "./format.js";
import { locale, t } from "./i18n.js";
import { Handles } from "./handles.js";
import { state, useStore } from "./store.js";
import { Gain, Problem, Segments } from "./ui.js";
import { tickerOf } from "./live.js";

export const INTERVALS = ["1m", "5m", "15m", "1h", "4h", "1d"];
const SECONDS = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14400, "1d": 86400 };
const REFRESH_MS = 60_000;
const RETRY_MS = 5_000;
const BAR_WIDTH = 6;
const ROOM_RIGHT = 4;
const VOLUME_PART = 0.16;
const LEGEND_PART = 0.14;

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });

/** Return a colour of the theme as plain numbers: the chart reads no mixtures, of which Telegram's themes are made. */
export const colour = (name) => {
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = token(name);
  pixel.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${(alpha / 255).toFixed(3)})`;
};

/** Return how a chart looks in the theme in force. */
export const looks = () => ({
  layout: { background: { color: "transparent" }, textColor: colour("--faint"), fontFamily: token("--font"), fontSize: 11, attributionLogo: false },
  grid: { vertLines: { color: colour("--grid") }, horzLines: { color: colour("--grid") } },
  rightPriceScale: { borderColor: colour("--line") },
  timeScale: { borderColor: colour("--line"), timeVisible: true, secondsVisible: false, tickMarkFormatter: tick },
  localization: { locale: locale(), timeFormatter: (time) => zoned({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }, time) },
});

const zoned = (options, time) =>
  new Intl.DateTimeFormat(locale(), { ...options, hour12: false, timeZone: state.me?.zone }).format(new Date(time * 1000));

const TICKS = [{ year: "numeric" }, { month: "short" }, { day: "numeric", month: "short" }, { hour: "2-digit", minute: "2-digit" }];
const tick = (time, kind) => zoned(TICKS[Math.min(kind, 3)], time);

/** The traded amounts stand in the lowest part of the chart, the prices above them. */
const addVolume = (chart, candles) => {
  const series = chart.addSeries(HistogramSeries, { priceScaleId: "", lastValueVisible: false, priceLineVisible: false });
  series.priceScale().applyOptions({ scaleMargins: { top: 1 - VOLUME_PART, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: LEGEND_PART, bottom: VOLUME_PART } });
  return series;
};

const volumesOf = (bars) => {
  const [up, down] = [colour("--up-bar"), colour("--down-bar")];
  return bars.map(({ time, volume, open, close }) => ({ time, value: volume, color: close < open ? down : up }));
};

const candleColours = () => ({
  upColor: colour("--up-fill"),
  downColor: colour("--down-fill"),
  borderVisible: false,
  wickUpColor: colour("--up-fill"),
  wickDownColor: colour("--down-fill"),
});

/** Return what is drawn as a line: a kind, a price, how it looks, and whether it can be dragged. */
export const linesOf = (position, protection, orders) => {
  const lines = [];
  const add = (kind, value, style, isDraggable = false, label = null) => value && lines.push({ kind, price: Number(value), style, isDraggable, label });
  if (position) {
    add("entry", position.entry_price, LineStyle.Solid);
    add("liquidation", position.liquidation_price, LineStyle.Dotted);
    add("stop", protection.stop, LineStyle.Dashed, true);
    add("target", protection.target, LineStyle.Dashed, true);
  }
  for (const { order_id: id, side, size, price: limit, trigger_price: trigger } of orders) {
    add(`order-${id}`, limit ?? trigger, LineStyle.SparseDotted, false, `${t(`side.${side}`)} ${size ? exact(size) : ""}`);
  }
  return lines;
};

const IN_SIGHT = new Set(["entry", "stop", "target"]);
const STRETCH = 3;

/** Return the range of prices a chart shows: its bars', wide enough for the lines that matter unless they are far off. */
const withLines = (info, lines) => {
  if (!info?.priceRange) return info;
  const { minValue: low, maxValue: high } = info.priceRange;
  const room = (high - low) * STRETCH;
  const near = lines.filter(({ kind, price: at }) => IN_SIGHT.has(kind) && at > low - room && at < high + room).map((line) => line.price);
  return { ...info, priceRange: { minValue: Math.min(low, ...near), maxValue: Math.max(high, ...near) } };
};

const LINE_COLOURS = { entry: "--text", liquidation: "--warn", stop: "--down", target: "--up" };
const lineColour = (kind) => colour(LINE_COLOURS[kind] ?? "--accent");

export const Chart = ({ market, instrument, position, protection, orders, onLevel }) => {
  const frame = useRef(null);
  const chart = useRef(null);
  const series = useRef(null);
  const volumes = useRef(null);
  const bars = useRef([]);
  const [interval, setInterval_] = useState(localStorage.getItem("interval") ?? "15m");
  const [error, setError] = useState(null);
  const [isReady, setReady] = useState(false);
  const ticker = useStore((s) => tickerOf(s.parts, market));
  const language = useStore((s) => s.language);
  const lines = useRef([]);
  lines.current = linesOf(position, protection, orders);

  useEffect(() => {
    chart.current = createChart(frame.current, { autoSize: true, ...looks(), crosshair: { mode: 0 } });
    series.current = chart.current.addSeries(CandlestickSeries, { ...candleColours(), autoscaleInfoProvider: (usual) => withLines(usual(), lines.current) });
    volumes.current = addVolume(chart.current, series.current);
    const restyle = () => {
      chart.current.applyOptions(looks());
      series.current.applyOptions(candleColours());
      volumes.current.setData(volumesOf(bars.current));
    };
    addEventListener("themechange", restyle);
    return () => {
      removeEventListener("themechange", restyle);
      chart.current.remove();
      chart.current = null;
    };
  }, []);
  useEffect(() => chart.current.applyOptions(looks()), [language]);

  useEffect(() => {
    let isCurrent = true;
    let timer;
    let isFirst = true;
    const load = async () => {
      if (document.visibilityState === "visible") await ask();
      if (isCurrent) timer = setTimeout(load, isFirst ? RETRY_MS : REFRESH_MS);
    };
    const ask = async () => {
      try {
        const rows = await get("/api/trading/candles", { exchange: market.exchange, account_type: market.accountType, symbol: market.symbol, interval, limit: 300 });
        if (!isCurrent) return;
        bars.current = rows.map(barOf);
        series.current.setData(bars.current);
        volumes.current.setData(volumesOf(bars.current));
        if (isFirst) showLatest(chart.current, bars.current.length);
        isFirst = false;
        setError(null);
        setReady(true);
      } catch (problem) {
        if (isCurrent) setError(problem);
      }
    };
    bars.current = [];
    setReady(false);
    series.current.setData([]);
    volumes.current.setData([]);
    load();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [market.exchange, market.accountType, market.symbol, interval]);

  useEffect(() => {
    const now = ticker?.error ? null : Number(ticker?.data?.last_price ?? ticker?.data?.mark_price);
    const last = bars.current[bars.current.length - 1];
    if (!now || !last) return;
    const start = Math.floor(Date.now() / 1000 / SECONDS[interval]) * SECONDS[interval];
    const bar = start > last.time ? { time: start, open: last.close, high: now, low: now, close: now, volume: 0 } : { ...last, close: now, high: Math.max(last.high, now), low: Math.min(last.low, now) };
    if (bar.time === last.time) bars.current[bars.current.length - 1] = bar;
    else bars.current.push(bar);
    series.current.update(bar);
  }, [ticker]);

  const reference = bars.current[bars.current.length - 1]?.close ?? Number(position?.entry_price ?? 1);
  useEffect(() => {
    const precision = decimalsAt(instrument, reference);
    series.current.applyOptions({ priceFormat: { type: "custom", formatter: (value) => fixed(value, precision), minMove: 10 ** -precision } });
  }, [instrument, isReady, language]);

  const choose = (value) => {
    localStorage.setItem("interval", value);
    setInterval_(value);
  };
  return html`
    <section class="chart-panel" aria-label=${t("chart.label", { symbol: market.symbol, price: price(ticker?.data?.mark_price, instrument) })}>
      <div class="chart-bar"><${Segments} label=${t("chart.interval")} value=${interval} onChange=${choose} options=${INTERVALS.map((value) => ({ value, label: t(`interval.${value}`) }))} kind="small" /></div>
      <div class="chart-frame">
        <div class="chart" ref=${frame}></div>
        ${isReady && html`<${Legend} chart=${chart.current} series=${series.current} last=${bars.current[bars.current.length - 1]} instrument=${instrument} />`}
        ${isReady && html`<${Handles} series=${series.current} lines=${lines.current} colourOf=${lineColour} isAlive=${() => chart.current !== null} ...${{ instrument, position, onLevel }} />`}
        ${error && html`<${Problem} error=${error} />`}
      </div>
    </section>
  `;
};

/** The prices of the bar under the pointer; of the newest one where there is none. */
const Legend = ({ chart, series, last, instrument }) => {
  const [pointed, setPointed] = useState(null);
  useEffect(() => {
    const look = (moved) => setPointed(moved.seriesData.get(series) ?? null);
    chart.subscribeCrosshairMove(look);
    return () => chart.unsubscribeCrosshairMove(look);
  }, [chart, series]);
  const bar = pointed ?? last;
  if (!bar) return null;
  const gain = bar.close / bar.open - 1;
  return html`
    <dl class="legend" aria-hidden="true">
      ${["open", "high", "low", "close"].map((name) => html`<div key=${name}><dt>${t(`chart.${name}`)}</dt><dd>${price(bar[name], instrument)}</dd></div>`)}
      <div><dd><${Gain} value=${gain * 100} suffix=" %" /></dd></div>
    </dl>
  `;
};

/** Show as many of the newest bars as can be told apart; the older ones are a swipe away. */
const showLatest = (chart, count) => {
  const room = Math.floor(chart.timeScale().width() / BAR_WIDTH);
  if (room > 0 && count > room) chart.timeScale().setVisibleLogicalRange({ from: count - room, to: count + ROOM_RIGHT });
  else chart.timeScale().fitContent();
};

const barOf = (row) => ({
  time: Math.floor(new Date(row.opened_at).getTime() / 1000),
  open: Number(row.open),
  high: Number(row.high),
  low: Number(row.low),
  close: Number(row.close),
  volume: Number(row.volume ?? 0),
});
