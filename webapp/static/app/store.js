// The page's state: one object, changed by `update`, read by components through `useStore`.

import { useEffect, useReducer, useRef } from "../vendor/preact.module.js";

const listeners = new Set();

export const state = {
  /** What is shown instead of the app: "loading", "login" or "failed"; null: the app. */
  gate: "loading",
  gateError: null,
  me: null,
  language: "en",
  /** "auto" follows Telegram or the system. */
  theme: localStorage.getItem("theme") ?? "auto",
  view: "positions",
  /** The market and account that chart and ticket are about. */
  market: { exchange: null, accountType: null, symbol: "BTCUSDT" },
  /** Whether a ticket goes to every chosen account, or to the one alone that the chart is about. */
  isForEach: true,
  /** The live picture: parts by name, see live.js. */
  parts: {},
  live: { status: "connecting", heardAt: 0, staleSince: null },
  /** The dialogs that lie over the page, the newest last. */
  sheets: [],
  toast: null,
};

/** Change the state and draw what depends on it. */
export const update = (change) => {
  Object.assign(state, typeof change === "function" ? change(state) : change);
  for (const listener of [...listeners]) listener();
};

/** Return a part of the state, and draw the component again when it changes. */
export const useStore = (select) => {
  const [, redraw] = useReducer((n) => n + 1, 0);
  const latest = useRef();
  latest.current = { select, value: select(state) };
  useEffect(() => {
    const listener = () => {
      if (!Object.is(latest.current.select(state), latest.current.value)) redraw();
    };
    listeners.add(listener);
    listener();
    return () => listeners.delete(listener);
  }, []);
  return latest.current.value;
};

let nextSheet = 1;

/** Lay a dialog over the page; `content` gets `close`. Returns the function that closes it. */
export const openSheet = (content, options = {}) => {
  const id = nextSheet++;
  const close = () => update({ sheets: state.sheets.filter((sheet) => sheet.id !== id) });
  update({ sheets: [...state.sheets, { id, content, close, ...options }] });
  return close;
};

let toastTimer;

/** Say something briefly. `kind` is "info", "good" or "bad". */
export const showToast = (text, kind = "info") => {
  clearTimeout(toastTimer);
  update({ toast: { text, kind } });
  toastTimer = setTimeout(() => update({ toast: null }), kind === "bad" ? 8000 : 4000);
};
