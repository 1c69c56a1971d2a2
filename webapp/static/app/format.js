// Numbers as people read them. Decimals arrive as texts and stay texts as long as their digits are shown unchanged.

import { locale } from "./i18n.js";
import { state } from "./store.js";

export const UNKNOWN = "—";
const MINUS = "−";
const FIGURES = 5;
const SIGNS = { en: [",", "."], ru: ["\u202f", ","], uk: ["\u202f", ","] };

const signs = () => SIGNS[state.language] ?? SIGNS.en;

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+(?!\d))/g, signs()[0]);

/** Write a decimal text with its own digits. */
export const exact = (text) => {
  if (text === null || text === undefined || text === "") return UNKNOWN;
  const [whole, rest] = String(text).replace("-", "").split(".");
  const sign = String(text).startsWith("-") ? MINUS : "";
  return sign + grouped(whole) + (rest ? signs()[1] + rest : "");
};

/** Write a number with a fixed count of decimals; `isSigned` puts + before what is above zero. */
export const fixed = (value, decimals = 2, { isSigned = false } = {}) => {
  if (value === null || value === undefined || value === "" || !Number.isFinite(Number(value))) return UNKNOWN;
  const text = Math.abs(Number(value)).toFixed(decimals);
  const isZero = Number(text) === 0;
  const sign = Number(value) < 0 && !isZero ? MINUS : isSigned && !isZero ? "+" : "";
  return sign + exact(text);
};

export const money = (value, options) => fixed(value, 2, options);

export const percent = (fraction, options) =>
  fraction === null || fraction === undefined ? UNKNOWN : `${fixed(Number(fraction) * 100, 2, options)}\u00a0%`;

/** Return how many decimals prices of about this size have on a market's grid. */
export const decimalsAt = (instrument, price) => {
  if (instrument?.price_tick) return places(instrument.price_tick);
  if (!instrument && price >= 1) return price >= 1000 ? 1 : 3;
  const magnitude = Math.floor(Math.log10(Math.max(Number(price), 1e-12)));
  if (!instrument) return Math.max(6, FIGURES - 1 - magnitude);
  const byFigures = (instrument.price_significant_figures ?? 5) - 1 - magnitude;
  return Math.max(0, Math.min(byFigures, instrument.price_max_decimals ?? 6));
};

const places = (text) => (String(text).split(".")[1] ?? "").length;

/** Write a price on its market's grid. */
export const price = (value, instrument) => {
  if (value === null || value === undefined) return UNKNOWN;
  if (instrument) return fixed(value, decimalsAt(instrument, Number(value)));
  // without a grid an average keeps the digits that matter, not all that a division left
  if (places(value) <= 6) return exact(value);
  return exact(Number(value).toFixed(decimalsAt(null, Math.abs(Number(value)))).replace(/\.?0+$/, ""));
};

/** Return a price as the text that the server takes, on the market's grid. */
export const priceText = (value, instrument) => {
  const decimals = decimalsAt(instrument, value);
  const tick = instrument?.price_tick ? Number(instrument.price_tick) : 10 ** -decimals;
  return (Math.round(value / tick) * tick).toFixed(decimals);
};

export const leverage = (value) => (value === null || value === undefined ? UNKNOWN : `${exact(value)}×`);

/** Write a time of day in the person's zone. */
export const clock = (moment) => (moment ? timeFormat({ timeStyle: "medium" }).format(new Date(moment)) : UNKNOWN);

/** Write a day and a time. */
export const dayTime = (moment) =>
  moment ? timeFormat({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(moment)) : UNKNOWN;

const timeFormat = (options) => {
  const timeZone = state.me?.zone ?? undefined;
  return new Intl.DateTimeFormat(locale(), { ...options, timeZone, hour12: false });
};

/** Return the person's zone in a few letters. */
export const zoneName = () =>
  timeFormat({ timeZoneName: "short" }).formatToParts(new Date()).find((part) => part.type === "timeZoneName")?.value ?? "";
