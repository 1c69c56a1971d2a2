// Numbers as people type them, read as the server reads them and never guessed at; of the rest, what is wrong with it.

const PLAIN = /^\d{1,12}(\.\d{1,12})?$/;
const DECIMAL_COMMA = /^(\d{1,12}),(\d{1,12})$/;
const WRONG = [
  [/^[-−–]/, "form.aboveZero"],
  [/(?![0-9])\p{Nd}/u, "form.otherDigits"],
  [/^\d{13,}|^\d+[.,]\d{13,}$/, "form.tooLong"],
  [/^\d[\d.,'’_\s]*\d$/, "form.grouped"],
];

/** Return what was typed as the plain number that the server takes; null where it can be read in two ways or in none. */
export const plainNumber = (typed) => {
  const text = typed.trim();
  if (PLAIN.test(text)) return text;
  const comma = DECIMAL_COMMA.exec(text);
  if (!comma || (comma[2].length === 3 && comma[1].length <= 3 && !comma[1].startsWith("0"))) return null;
  return `${comma[1]}.${comma[2]}`;
};

/** Return the sentence of what is wrong with a typed number; null where it can be used, or where nothing was typed. */
export const numberProblem = (typed) => {
  const text = typed.trim();
  if (text === "") return null;
  const number = plainNumber(text);
  if (number !== null) return Number(number) > 0 ? null : "form.aboveZero";
  return WRONG.find(([form]) => form.test(text))?.[1] ?? "form.badNumber";
};

/** Whether something was typed that can be used. */
export const isNumber = (typed) => typed.trim() !== "" && numberProblem(typed) === null;

const SYMBOL = /^[A-Za-z0-9:/_.-]{1,30}$/;

/** Return the sentence of what is wrong with a typed market; null where one can be called so. */
export const symbolProblem = (typed) => (typed.trim() === "" || SYMBOL.test(typed.trim()) ? null : "form.badSymbol");

const REFUSED_FIELDS = {
  symbol: ["unknown_symbol", "ambiguous_symbol", "market_closed", "symbol_not_allowed"],
  amount: [
    "below_min_size", "below_min_notional", "rounds_to_zero", "size_too_small", "size_too_large", "size_off_grid", "above_max_size",
    "above_max_market_size", "more_than_position", "insufficient_margin", "max_order_notional", "max_total_notional", "too_many_targets",
  ],
  price: ["price_off_grid", "price_too_far", "price_out_of_band", "price_missing", "post_only_would_take", "post_only_needs_price", "alert_now"],
  leverage: ["bad_leverage", "leverage_too_high", "leverage_missing", "max_leverage", "roi_needs_leverage", "would_liquidate"],
  stop: ["stop_wrong_side", "stop_at_market", "stop_at_entry", "stop_required", "risk_needs_stop"],
  target: ["target_wrong_side", "target_at_market"],
};
const FIELD_OF = Object.fromEntries(Object.entries(REFUSED_FIELDS).flatMap(([field, codes]) => codes.map((code) => [code, field])));

/** Return the field of a form that a refusal is about; undefined where it is about none, or about the whole. */
export const fieldOf = (error) => FIELD_OF[error?.code];
