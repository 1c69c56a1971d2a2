// Accounts and their keys. A key is typed here, checked by its venue, sealed, and never shown again.

import { html, useEffect, useState } from "../../vendor/preact.module.js";
import { get, post, remove } from "../api.js";
import { dayTime } from "../format.js";
import { errorText, has, t } from "../i18n.js";
import { Missing, useAnswer } from "../loading.js";
import { openSheet } from "../store.js";
import { haptic } from "../telegram.js";
import { AccountName, Button, Field, IconButton, Loading, Problem, Segments, Select, Sheet, canTrade } from "../ui.js";
import { attempt } from "./more.js";
import { renameAccount } from "./where.js";

export const Keys = () => {
  const answer = useAnswer("/api/accounts");
  const connect = () => openSheet(({ close }) => html`<${Connect} close=${close} reload=${answer.reload} />`);
  return html`
    <section class="card" aria-label=${t("keys.title")}>
      <div class="section-head"><h2>${t("keys.title")}</h2>${canTrade() && html`<${Button} onClick=${connect}>${t("keys.connect")}<//>`}</div>
      <${Missing} answer=${answer} />
      ${answer.data?.map((row) => html`<${Account} key=${row.exchange + row.account_type} row=${row} reload=${answer.reload} />`)}
    </section>
  `;
};

const Account = ({ row, reload }) => {
  const ask = () => openSheet(({ close }) => html`<${Disconnect} ...${{ row, close, reload }} />`);
  const says = row.problem ? errorText({ code: row.problem }) : row.has_keys ? t("keys.connected") : t("keys.missing");
  return html`
    <div class="setting">
      <span><${AccountName} exchange=${row.exchange} type=${row.account_type} /><small class=${row.problem ? "bad" : ""}>${says}${row.is_chosen ? ` · ${t("keys.chosen")}` : ""}</small></span>
      <span class="tools">
      ${canTrade() && html`<${IconButton} icon="pen" label=${t("name.change")} onClick=${() => renameAccount(row, reload)} />`}
      ${row.has_keys && row.account_type !== "paper" && canTrade() && html`<${IconButton} icon="trash" label=${t("keys.forget")} onClick=${ask} />`}
      </span>
    </div>
  `;
};

const Disconnect = ({ row, close, reload }) => {
  const forget = async () => {
    await attempt(() => remove(`/api/keys/${row.exchange}/${row.account_type}`), t("keys.forgotten"));
    reload();
    close();
  };
  return html`
    <${Sheet} title=${t("keys.forget")} close=${close} footer=${html`<${Button} kind="danger" onClick=${forget}>${t("keys.forget")}<//>`}>
      <p><${AccountName} exchange=${row.exchange} type=${row.account_type} /></p>
      <p class="note">${t("keys.forgetHint")}</p>
    <//>
  `;
};

const Connect = ({ close, reload }) => {
  const [venues, setVenues] = useState(null);
  const [venue, setVenue] = useState(null);
  const [kind, setKind] = useState(null);
  const [values, setValues] = useState({});
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    get("/api/keys/venues")
      .then((rows) => {
        setVenues(rows);
        setVenue(rows[0]);
        setKind(rows[0].account_types[0]);
      })
      .catch(setError);
  }, []);
  const chooseVenue = (key) => {
    const found = venues.find((row) => row.exchange === key);
    setVenue(found);
    setKind(found.account_types[0]);
    setValues({});
    setError(null);
  };
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      const taken = await post("/api/keys", { exchange: venue.exchange, account_type: kind, values });
      haptic("success");
      setValues({});
      close();
      reload();
      openSheet(({ close: done }) => html`<${Taken} taken=${taken} close=${done} />`);
    } catch (problem) {
      haptic("error");
      setError(problem);
    }
    setBusy(false);
  };
  if (!venue) return html`<${Sheet} title=${t("keys.new")} close=${close}>${error ? html`<${Problem} error=${error} />` : html`<${Loading} />`}<//>`;
  const typed = (field) => values[field.name]?.trim() ?? "";
  const isOdd = (field) => typed(field) !== "" && !new RegExp(`^(?:${field.pattern})$`).test(typed(field));
  const isFilled = venue.fields.every((field) => (!field.is_required || typed(field) !== "") && !isOdd(field));
  const footer = html`<${Button} kind="primary" isBusy=${isBusy} disabled=${!isFilled} onClick=${submit}>${t("keys.check")}<//>`;
  return html`
    <${Sheet} title=${t("keys.new")} close=${close} footer=${footer}>
      <${Segments} label=${t("more.venue")} value=${venue.exchange} onChange=${chooseVenue} options=${venues.map((row) => ({ value: row.exchange, label: row.title }))} />
      <div class="setting"><span>${t("keys.kind")}</span><${Select} label=${t("keys.kind")} value=${kind} onChange=${setKind} options=${venue.account_types.map((value) => ({ value, label: value.toUpperCase() }))} /></div>
      ${has(`keys.hint.${venue.exchange}`) && html`<p class="note">${t(`keys.hint.${venue.exchange}`)}</p>`}
      ${venue.fields.map(
        (field) => html`
          <${Field}
            key=${field.name}
            name=${field.name}
            label=${`${t(`keys.field.${field.name}`)}${field.is_required ? "" : ` (${t("form.optional")})`}`}
            type=${field.is_secret ? "password" : "text"}
            inputMode="text"
            value=${values[field.name] ?? ""}
            onInput=${(value) => setValues((before) => ({ ...before, [field.name]: value }))}
            problem=${isOdd(field) && t("keys.odd", { field: t(`keys.field.${field.name}`) })}
          />
        `,
      )}
      ${error && html`<${Problem} error=${error} />`}
      <p class="note">${t("keys.safety")}</p>
    <//>
  `;
};

const Taken = ({ taken, close }) => html`
  <${Sheet} title=${t("keys.taken")} close=${close} footer=${html`<${Button} kind="primary" onClick=${close}>${t("common.ok")}<//>`}>
    <p><${AccountName} exchange=${taken.exchange} type=${taken.account_type} /> · …${taken.tail}</p>
    ${taken.expires_at && html`<p>${t("keys.expires", { when: dayTime(taken.expires_at) })}</p>`}
    ${taken.is_bound === false && html`<p class="warning">${t("keys.unbound")}</p>`}
  <//>
`;

