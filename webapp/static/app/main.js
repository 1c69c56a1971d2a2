// The page: who may come in, where they are, and what is always in sight.

import { html, render, useEffect } from "../vendor/preact.module.js";
import { clock, zoneName } from "./format.js";
import { errorText, has, setLanguage, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { accountsOf, follow, unfollow } from "./live.js";
import { enter } from "./session.js";
import { state, update, useStore } from "./store.js";
import { haptic, ready, telegramLanguage, useBackButton } from "./telegram.js";
import { Badge, Button, Loading, Sheets, Toast, venueTitle } from "./ui.js";
import { History } from "./views/history.js";
import { More } from "./views/more.js";
import { Orders } from "./views/orders.js";
import { Portfolio } from "./views/portfolio.js";
import { Trade } from "./views/trade.js";

const VIEWS = { positions: Portfolio, trade: Trade, orders: Orders, history: History, more: More };
const WIDE = matchMedia("(min-width: 1000px)");

const App = () => {
  const gate = useStore((s) => s.gate);
  useStore((s) => s.language);
  if (gate === "loading") return html`<main class="door"><${Loading} /></main>`;
  if (gate !== null) return html`<${Door} gate=${gate} />`;
  return html`<${Inside} />`;
};

/** What somebody sees who is not in: why, and what to do. */
const Door = ({ gate }) => {
  const error = useStore((s) => s.gateError);
  return html`
    <main class="door">
      <div class="door-card">
        <span class="mark"><${Icon} name="positions" size=${30} /></span>
        <h1>ElCaro</h1>
        <p role="alert">${error ? (has(`door.${error.code}`) ? t(`door.${error.code}`) : errorText(error)) : t("door.login_missing")}</p>
        ${gate === "failed" && html`<${Button} kind="primary" onClick=${start}>${t("common.retry")}<//>`}
      </div>
    </main>
  `;
};

const Inside = () => {
  const view = useStore((s) => s.view);
  const market = useStore((s) => s.market);
  useEffect(() => {
    const look = () => (document.visibilityState === "visible" ? follow(market) : unfollow());
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [market]);
  useEffect(() => unfollow, []);
  useBackButton(goHome, view !== "positions");
  const View = VIEWS[view];
  return html`
    <a class="skip" href="#content">${t("nav.skip")}</a>
    <${TopBar} />
    <${StaleBanner} />
    <main id="content" class="content" tabindex="-1"><h1 class="unseen">${t(`nav.${view}`)}</h1><${View} /></main>
    <${Nav} view=${view} />
    <${Sheets} />
    <${Toast} />
  `;
};

const goHome = () => update({ view: "positions" });

const TopBar = () => {
  const me = useStore((s) => s.me);
  const live = useStore((s) => s.live);
  return html`
    <header class="top-bar">
      <span class="brand"><span class="mark"><${Icon} name="positions" size=${18} /></span><b>ElCaro</b></span>
      <${Where} />
      ${me.is_paused && html`<span class="paused"><${Icon} name="pause" size=${14} />${t("more.paused")}</span>`}
      <span class="live" data-status=${live.status} title=${t(`live.${live.status}`)}>
        <span class="dot" aria-hidden="true"></span><span class="live-word">${t(`live.${live.status}`)}</span>
        ${live.checkedAt && html`<time class="wide-only">${clock(live.checkedAt)} ${zoneName()}</time>`}
      </span>
    </header>
  `;
};

/** Whose money is in sight: a venue, or how many accounts; and always with the words. */
const Where = () => {
  const chosen = useStore((s) => accountsOf(s.parts).map(({ key }) => key).join(" "));
  const accounts = chosen.split(" ").filter(Boolean).map((key) => key.split("/"));
  const venues = new Set(accounts.map(([exchange]) => exchange));
  const types = [...new Set(accounts.map(([, type]) => type))].sort();
  const place = venues.size > 1 ? t("where.count", { count: accounts.length }) : venueTitle(accounts[0]?.[0] ?? state.me.exchange);
  return html`<span class="where">${place} ${types.map((type) => html`<${Badge} key=${type} type=${type} />`)}</span>`;
};

/** Old numbers never pose as new ones. */
const StaleBanner = () => {
  const live = useStore((s) => s.live);
  useEffect(() => {
    document.documentElement.dataset.live = live.status;
  }, [live.status]);
  if (live.status !== "stale") return null;
  return html`
    <p class="stale-banner" role="alert"><${Icon} name="offline" size=${18} />
      ${live.staleSince ? t("live.staleSince", { time: `${clock(live.staleSince)} ${zoneName()}` }) : t("live.noNumbers")}
    </p>
  `;
};

const Nav = ({ view }) => {
  const go = (name) => {
    haptic("selection");
    update({ view: name });
    scrollTo(0, 0);
  };
  return html`
    <nav class="nav" aria-label=${t("nav.label")}>
      ${Object.keys(VIEWS).map(
        (name) => html`
          <button type="button" key=${name} aria-current=${name === view ? "page" : undefined} onClick=${() => go(name)} data-view=${name}>
            <${Icon} name=${name} /><span>${t(`nav.${name}`)}</span>
          </button>
        `,
      )}
    </nav>
  `;
};

const start = async () => {
  update({ gate: "loading" });
  if (WIDE.matches) state.view = "trade";
  await setLanguage(localStorage.getItem("language") ?? telegramLanguage ?? navigator.language);
  await enter();
};

ready();
document.getElementById("app").removeAttribute("aria-busy");
render(html`<${App} />`, document.getElementById("app"));
start().catch((error) => update({ gate: "failed", gateError: { code: "crash", message: error.message } }));

