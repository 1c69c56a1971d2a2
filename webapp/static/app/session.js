// Coming in: by the launch that Telegram signed, by a one-time link from the bot, or by the session this tab has.

import { dropSession, get, hasSession, isLaunchOfSession, keepSession, post } from "./api.js";
import { languageOf, setLanguage } from "./i18n.js";
import { state, update } from "./store.js";
import { initData, isTelegram, startParam, telegramLanguage } from "./telegram.js";

/** Return the code of a login link, and take it out of the address bar and its history. */
const takeLinkCode = () => {
  const code = new URLSearchParams(location.hash.slice(1)).get("login");
  if (code !== null) history.replaceState(null, "", location.pathname);
  return code;
};

const openDoor = async () => {
  const code = takeLinkCode();
  if (code !== null) return keepSession((await post("/api/auth/link", { code })).token);
  if (hasSession() && (!isTelegram || isLaunchOfSession(initData))) return undefined;
  if (isTelegram) return keepSession((await post("/api/auth/telegram", { init_data: initData })).token, initData);
  throw Object.assign(new Error(), { code: "login_missing" });
};

/** Open the app for whoever may; everybody else is told what to do. */
export const enter = async () => {
  try {
    await openDoor();
    const me = await get("/api/me");
    await setLanguage(localStorage.getItem("language") ?? me.language ?? telegramLanguage ?? navigator.language);
    update({ me, gate: null, gateError: null, market: { ...state.market, exchange: me.exchange }, ...startingPoint() });
  } catch (error) {
    if (error.code === undefined) throw error;
    if (error.status === 401) dropSession();
    update({ gate: error.code === "offline" ? "failed" : "login", gateError: error });
  }
};

/** Read where a deep link leads: `trade_ETHUSDT` opens that market. */
const startingPoint = () => {
  const [view, symbol] = startParam.split("_");
  if (view !== "trade" || !/^[A-Z0-9]{2,20}$/.test(symbol ?? "")) return {};
  return { view: "trade", market: { exchange: null, accountType: null, symbol } };
};

/** Read anew who this is and what they chose. */
export const refreshMe = async () => update({ me: await get("/api/me") });

/** Leave, and forget the session here and on the server. */
export const leave = async () => {
  try {
    await post("/api/auth/logout");
  } finally {
    dropSession();
    update({ gate: "login", gateError: { code: "logged_out" }, parts: {} });
  }
};

/** Choose the language for this page and for the bot. */
export const chooseLanguage = async (language, save) => {
  localStorage.setItem("language", languageOf(language));
  await setLanguage(language);
  await save(language);
};
