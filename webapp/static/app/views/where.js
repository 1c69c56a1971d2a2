// Where tickets go: a person's accounts, each with a tick, and each with the name that its owner gave it.

import { html, useState } from "../../vendor/preact.module.js";
import { put } from "../api.js";
import { errorText, t } from "../i18n.js";
import { Missing, useAnswer } from "../loading.js";
import { refreshMe } from "../session.js";
import { openSheet, update } from "../store.js";
import { AccountName, Button, Field, Sheet, nameOfAccount } from "../ui.js";
import { attempt } from "./more.js";

const MOST = 5;
const LONGEST = 24;

/** Offer the accounts that can be used, to be ticked one by one. */
export const chooseAccounts = () => openSheet(Where);

const keyOf = ({ exchange, account_type }) => `${exchange}/${account_type}`;
const placeOf = ({ exchange, account_type }) => ({ exchange, account_type });

const Where = ({ close }) => {
  const answer = useAnswer("/api/accounts");
  const [wanted, setWanted] = useState(null); // what is on its way stands there at once
  const rows = (answer.data ?? []).filter((row) => row.has_keys || row.is_chosen);
  const ticked = wanted ?? rows.filter((row) => row.is_chosen).map(keyOf);
  const isTicked = (row) => ticked.includes(keyOf(row));
  const tick = async (row) => {
    const next = isTicked(row) ? ticked.filter((key) => key !== keyOf(row)) : [...ticked, keyOf(row)];
    setWanted(next);
    const told = await attempt(() => put("/api/accounts/picked", { accounts: rows.filter((one) => next.includes(keyOf(one))).map(placeOf) }));
    if (told === null) setWanted(ticked);
    update({ isForEach: true });
    await attempt(refreshMe);
  };
  const isFixed = (row) => (isTicked(row) ? ticked.length === 1 : ticked.length >= MOST);
  return html`
    <${Sheet} title=${t("where.title")} close=${close} footer=${html`<${Button} kind="primary" onClick=${close}>${t("common.done")}<//>`}>
      <${Missing} answer=${answer} />
      ${rows.map(
        (row) => html`
          <label class="setting tick" key=${keyOf(row)}>
            <${AccountName} exchange=${row.exchange} type=${row.account_type} />
            <input type="checkbox" checked=${isTicked(row)} disabled=${isFixed(row)} onChange=${() => tick(row)} />
          </label>
        `,
      )}
      <p class="note">${t("where.note")}</p>
      ${ticked.length >= MOST && html`<p class="note">${t("error.too_many_accounts", { limit: MOST })}</p>`}
      ${ticked.length === 1 && rows.length > 1 && html`<p class="note">${t("where.least")}</p>`}
    <//>
  `;
};

/** Ask what an account shall be called. */
export const renameAccount = (row, reload) => openSheet(({ close }) => html`<${Rename} ...${{ row, reload, close }} />`);

const Rename = ({ row, reload, close }) => {
  const before = nameOfAccount(row.exchange, row.account_type) ?? "";
  const [name, setName] = useState(before);
  const [problem, setProblem] = useState(null);
  const save = async (wanted) => {
    try {
      await put(`/api/accounts/${row.exchange}/${row.account_type}/name`, { name: wanted });
      await refreshMe();
      reload();
      close();
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  const footer = html`
    ${before && html`<${Button} onClick=${() => save(null)}>${t("name.none")}<//>`}
    <${Button} kind="primary" disabled=${name.trim() === "" || name.trim() === before} onClick=${() => save(name)}>${t("common.save")}<//>
  `;
  return html`
    <${Sheet} title=${t("name.title")} close=${close} footer=${footer}>
      <p><${AccountName} exchange=${row.exchange} type=${row.account_type} /></p>
      <${Field} name="account-name" label=${t("name.label")} value=${name} onInput=${setName} problem=${problem} inputMode="text" maxlength=${LONGEST} hint=${t("name.hint")} />
    <//>
  `;
};
