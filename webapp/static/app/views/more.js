// Everything that is set once and looked at seldom: venue, mode, pause, limits, keys, alerts, language, theme, leaving.

import { html } from "../../vendor/preact.module.js";
import { patch, put } from "../api.js";
import { LANGUAGES, errorText, t } from "../i18n.js";
import { Icon } from "../icons.js";
import { accountsOf } from "../live.js";
import { chooseLanguage, leave, refreshMe } from "../session.js";
import { showToast, state, update, useStore } from "../store.js";
import { chooseTheme, isTelegram } from "../telegram.js";
import { Badge, Button, Segments, Select, Switch, venueTitle, canTrade } from "../ui.js";
import { Alerts } from "./alerts.js";
import { Keys } from "./keys.js";
import { Settings } from "./settings.js";
import { chooseAccounts } from "./where.js";

/** Do something, and say so if it did not work. */
export const attempt = async (work, done) => {
  try {
    const result = await work();
    if (done) showToast(done, "good");
    return result;
  } catch (error) {
    showToast(errorText(error), "bad");
    return null;
  }
};

const chooseVenue = (exchange) =>
  attempt(async () => {
    await patch("/api/me", { exchange });
    await refreshMe();
    update({ parts: {}, isForEach: true, market: { ...state.market, exchange, accountType: null } });
  });

const chooseMode = (tradingMode) =>
  attempt(async () => {
    await patch("/api/me", { trading_mode: tradingMode });
    await refreshMe();
    update({ parts: {}, isForEach: true, market: { ...state.market, accountType: null } });
  });

const setPaused = (isPaused) =>
  attempt(async () => {
    await put("/api/pause", { is_paused: isPaused });
    await refreshMe();
  });

export const More = () => {
  const me = useStore((s) => s.me);
  return html`
    <div class="stack narrow">
      <section class="card" aria-label=${t("more.trading")}>
        <h2>${t("more.trading")}</h2>
        <div class="setting"><span>${t("more.venue")}</span><${Segments} label=${t("more.venue")} value=${me.is_picked ? null : me.exchange} onChange=${chooseVenue} options=${me.venues.map(({ exchange, title }) => ({ value: exchange, label: title }))} /></div>
        ${me.is_sandbox
          ? html`<div class="setting"><span>${t("more.mode")}</span><span><${Badge} type="paper" /> <small class="faint">${t("more.sandbox")}</small></span></div>`
          : html`<div class="setting"><span>${t("more.mode")}</span><${Segments} label=${t("more.mode")} value=${me.trading_mode} onChange=${chooseMode} options=${["demo", "real", "both"].map((value) => ({ value, label: t(`mode.${value}`) }))} /></div>`}
        <${Several} isPicked=${me.is_picked} />
        <div class="setting"><span>${t("more.pause")}<small>${t("more.pauseHint")}</small></span><${Switch} label=${t("more.pause")} isOn=${me.is_paused} disabled=${!canTrade()} onChange=${setPaused} /></div>
      </section>
      <${Settings} />
      <${Keys} />
      <${Alerts} />
      <${Looks} />
      <${About} />
    </div>
  `;
};

/** The way to several accounts at once; how many they are, where they were picked one by one. */
const Several = ({ isPicked }) => {
  const count = useStore((s) => accountsOf(s.parts).length);
  return html`
    <button type="button" class="setting" onClick=${chooseAccounts} data-role="where">
      <span>${t("where.several")}</span><span class="value">${isPicked && count ? t("where.count", { count }) : ""}<${Icon} name="chevron" size=${16} /></span>
    </button>
  `;
};

const Looks = () => {
  const language = useStore((s) => s.language);
  const theme = useStore((s) => s.theme);
  const saveLanguage = (chosen) => attempt(() => patch("/api/me", { language: chosen }));
  return html`
    <section class="card" aria-label=${t("more.looks")}>
      <h2>${t("more.looks")}</h2>
      <div class="setting"><span>${t("more.language")}</span><${Select} label=${t("more.language")} value=${language} onChange=${(chosen) => chooseLanguage(chosen, saveLanguage)} options=${Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))} /></div>
      <div class="setting"><span>${t("more.theme")}</span><${Segments} label=${t("more.theme")} value=${theme} onChange=${chooseTheme} options=${["auto", "light", "dark"].map((value) => ({ value, label: t(`theme.${value}`) }))} /></div>
    </section>
  `;
};

const About = () => {
  const me = useStore((s) => s.me);
  return html`
    <section class="card about" aria-label=${t("more.about")}>
      <h2>${t("more.about")}</h2>
      <p class="faint">${t("more.who", { name: me.name || me.user_id, role: t(`role.${me.role}`) })}</p>
      <p class="faint">${t("more.credits")} <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">TradingView</a> Lightweight Charts™ · Copyright © 2025 TradingView, Inc.</p>
      ${!isTelegram && html`<${Button} onClick=${leave}>${t("more.leave")}<//>`}
    </section>
  `;
};
