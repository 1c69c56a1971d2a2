// Limits and habits, each with what holds now. The server reads what is typed, with the words of the chat.

import { html, useState } from "../../vendor/preact.module.js";
import { put } from "../api.js";
import { leverage, money, percent } from "../format.js";
import { errorText, has, t } from "../i18n.js";
import { Icon } from "../icons.js";
import { Missing, useAnswer } from "../loading.js";
import { numberProblem } from "../numbers.js";
import { refreshMe } from "../session.js";
import { openSheet } from "../store.js";
import { Button, Field, Segments, Sheet, Switch, canTrade } from "../ui.js";
import { attempt } from "./more.js";

const SHOW = {
  fraction: (value) => percent(value),
  amount: (value) => `${money(value)} $`,
  leverage: (value) => leverage(value),
  count: (value) => String(value),
  zone: (value) => value,
  hours: (value) => value,
};

/** Return a stored value as it would be typed. */
const typed = ({ kind, value }) => {
  if (value === null || value === undefined) return "";
  return kind === "fraction" ? `${Number((Number(value) * 100).toFixed(6))}` : String(value);
};

export const Settings = () => {
  const answer = useAnswer("/api/settings");
  return html`
    <section class="card" aria-label=${t("settings.title")}>
      <h2>${t("settings.title")}</h2>
      <${Missing} answer=${answer} />
      ${answer.data?.map((row) => html`<${Setting} key=${row.key} row=${row} reload=${answer.reload} />`)}
    </section>
  `;
};

const Setting = ({ row, reload }) => {
  const title = t(`settings.${row.key}`);
  const save = (value, confirm = null) => attempt(() => put(`/api/settings/${row.key}`, { value, confirm })).then(reload);
  if (row.choices.length === 2) {
    const change = (isOn) => (row.key === "real_trading" && isOn ? askForReal(reload) : save(String(isOn)));
    return html`<div class="setting"><span>${title}</span><${Switch} label=${title} isOn=${Boolean(row.value)} disabled=${!canTrade()} onChange=${change} /></div>`;
  }
  if (row.choices.length > 2) {
    return html`<div class="setting"><span>${title}</span><${Segments} label=${title} value=${row.value} disabled=${!canTrade()} onChange=${save} options=${row.choices.map((value) => ({ value, label: t(`settings.notify.${value}`) }))} /></div>`;
  }
  const shown = row.value === null ? t(row.kind === "hours" ? "settings.off" : "settings.none") : SHOW[row.kind](row.value);
  const edit = () => openSheet(({ close }) => html`<${Edit} ...${{ row, title, close, reload }} />`);
  return html`
    <button type="button" class="setting" onClick=${edit} disabled=${!canTrade()}>
      <span>${title}</span><span class="value">${shown}${row.is_default && row.value !== null ? html` <small class="faint">${t("settings.default")}</small>` : ""}<${Icon} name="chevron" size=${16} /></span>
    </button>
  `;
};

const IS_NUMBER = new Set(["fraction", "amount", "leverage", "count"]);

/** Return the sentence of what is wrong with a typed value, as far as that can be said before the server reads it. */
const problemOf = ({ kind }, text) => (IS_NUMBER.has(kind) ? numberProblem(text.trim().replace(/^\$|[%$xх×]$/gi, "")) : null);

const Edit = ({ row, title, close, reload }) => {
  const [text, setText] = useState(typed(row));
  const [problem, setProblem] = useState(null);
  const wrong = problemOf(row, text);
  const change = (value) => {
    setProblem(null);
    setText(value);
  };
  const save = async (value) => {
    try {
      await put(`/api/settings/${row.key}`, { value });
      if (row.key === "zone") await refreshMe();
      reload();
      close();
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  const footer = html`
    <${Button} onClick=${() => save(null)}>${t("settings.reset")}<//>
    <${Button} kind="primary" disabled=${text.trim() === "" || wrong !== null} onClick=${() => save(text)}>${t("common.save")}<//>
  `;
  return html`
    <${Sheet} title=${title} close=${close} footer=${footer}>
      ${has(`settings.${row.key}.hint`) && html`<p class="note">${t(`settings.${row.key}.hint`)}</p>`}
      <${Field} name="setting" label=${title} value=${text} onInput=${change} problem=${wrong ? t(wrong) : problem} maxlength="64" unit=${{ fraction: "%", amount: "$", leverage: "×" }[row.kind]} inputMode=${row.kind === "zone" || row.kind === "hours" ? "text" : "decimal"} />
    <//>
  `;
};

const askForReal = (reload) => openSheet(({ close }) => html`<${RealMoney} close=${close} reload=${reload} />`);

/** Real money is switched on by a word, not by a slip of the finger. */
const RealMoney = ({ close, reload }) => {
  const [word, setWord] = useState("");
  const save = async () => {
    await attempt(() => put("/api/settings/real_trading", { value: "true", confirm: word }));
    reload();
    close();
  };
  const footer = html`<${Button} kind="danger" disabled=${word !== "REAL"} onClick=${save}>${t("settings.real_trading.on")}<//>`;
  return html`
    <${Sheet} title=${t("settings.real_trading")} close=${close} footer=${footer}>
      <p>${t("settings.real_trading.hint")}</p>
      <${Field} name="real" label=${t("settings.real_trading.word")} value=${word} onInput=${setWord} inputMode="text" />
    <//>
  `;
};
