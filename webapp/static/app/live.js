// The live picture: a stream of what changed, kept as parts by name. A silence is told at once; old numbers never pose
// as new ones.

import { authorised } from "./api.js";
import { state, update } from "./store.js";

const SILENCE_MS = 5000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

let abort = null;
let looking = null;

/** Follow the accounts, and the price of a market, until told otherwise. */
export const follow = (market) => {
  const wanted = JSON.stringify(market);
  if (wanted === looking) return;
  looking = wanted;
  abort?.abort();
  abort = new AbortController();
  keepConnected(market, abort.signal);
};

/** Stop following. */
export const unfollow = () => {
  abort?.abort();
  abort = null;
  looking = null;
};

const keepConnected = async (market, signal) => {
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      await listen(market, signal, () => (wait = FIRST_WAIT_MS));
    } catch (error) {
      if (signal.aborted) return;
    }
    if (signal.aborted || state.gate !== null) return;
    goStale();
    await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
};

const addressOf = ({ exchange, accountType, symbol }) => {
  const values = Object.entries({ exchange, account_type: accountType, symbol }).filter(([, value]) => value);
  return `/api/stream?${new URLSearchParams(values)}`;
};

const listen = async (market, signal, onHeard) => {
  const answer = await fetch(addressOf(market), { headers: authorised(), signal, cache: "no-store", credentials: "omit" });
  if (answer.status === 401 || answer.status === 403) {
    update({ gate: "login", gateError: (await answer.json()).error });
    return;
  }
  if (!answer.ok) throw new Error(String(answer.status));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  signal.addEventListener("abort", () => reader.cancel().catch(() => {}), { once: true });
  let text = "";
  for (;;) {
    const { done, value } = await withinSilence(reader.read(), reader);
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) take(block);
    onHeard();
  }
};

/** Give up a connection that says nothing for much longer than its beat. */
const withinSilence = (promise, reader) => {
  const timer = setTimeout(() => reader.cancel(), SILENCE_MS * 2);
  return promise.finally(() => clearTimeout(timer));
};

const take = (block) => {
  const lines = Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
  const data = JSON.parse(lines.data);
  if (lines.event === "end") {
    update({ gate: "login", gateError: { code: "session_ended" } });
    return;
  }
  const live = { status: "live", heardAt: Date.now(), staleSince: null, checkedAt: data.checked_at };
  if (lines.event === "beat") update({ live });
  else update({ live, parts: merged(lines.event === "snapshot" ? {} : state.parts, data) });
};

const merged = (parts, { parts: told, gone = [], checked_at: at }) => {
  const next = { ...parts };
  for (const name of gone) delete next[name];
  for (const [name, answer] of Object.entries(told)) {
    const before = state.parts[name];
    next[name] = answer.success
      ? { data: answer.data, at, error: null, isFallback: Boolean(answer.is_fallback) }
      : { data: before?.data ?? null, at: before?.at ?? null, error: answer.error, isFallback: false };
  }
  return next;
};

const goStale = () => {
  if (state.live.status === "stale") return;
  update({ live: { ...state.live, status: "stale", staleSince: state.live.checkedAt ?? null } });
};

setInterval(() => {
  if (state.live.status === "live" && Date.now() - state.live.heardAt > SILENCE_MS) goStale();
}, 1000);

/** Return the accounts of the picture, each with its money, positions and orders as parts. */
export const accountsOf = (parts) => {
  const accounts = new Map();
  for (const [name, part] of Object.entries(parts)) {
    const [exchange, accountType, kind, symbol] = name.split("/");
    if (symbol) continue;
    const key = `${exchange}/${accountType}`;
    if (!accounts.has(key)) accounts.set(key, { key, exchange, accountType, balance: null, positions: null, orders: null });
    accounts.get(key)[kind] = part;
  }
  return [...accounts.values()];
};

/** Return the price part of a market. */
export const tickerOf = (parts, { exchange, accountType, symbol }) => {
  const names = Object.keys(parts).filter((name) => name.endsWith(`/ticker/${symbol}`));
  const name = names.find((one) => one.startsWith(`${exchange ?? ""}`) && (!accountType || one.includes(`/${accountType}/`))) ?? names[0];
  return name ? parts[name] : null;
};
