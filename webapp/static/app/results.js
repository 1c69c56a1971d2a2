// What became of what was confirmed: one result in a line that goes by, several accounts each for itself.

import { html } from "../vendor/preact.module.js";
import { exact, price } from "./format.js";
import { errorText, has, t } from "./i18n.js";
import { openSheet, showToast } from "./store.js";
import { haptic } from "./telegram.js";
import { AccountName, Button, Sheet } from "./ui.js";

/** Say what became of every part of a confirmed request. */
export const tellResults = (parts) => {
  const warned = parts.filter((part) => part.result?.warnings?.length);
  const failed = parts.filter((part) => part.success === false);
  const unknown = parts.filter((part) => part.success === null);
  haptic(failed.length ? "error" : "success");
  if (accountsIn(parts) > 1) {
    openSheet(({ close }) => html`<${Report} ...${{ parts, close }} />`);
    return;
  }
  if (warned.length) openSheet(({ close }) => html`<${Attention} ...${{ warned, close }} />`);
  if (failed.length) showToast(failed.map((part) => `${part.about.symbol ?? ""} ${errorText(part.error)}`.trim()).join(" · "), "bad");
  else if (unknown.length) showToast(unknownText(unknown[0]), "bad");
  else showToast(parts.map(told).join(" · "), "good");
};

const accountsIn = (parts) => new Set(parts.map(({ about }) => `${about.exchange}/${about.account_type}`)).size;

const STATES = [
  [true, "good"],
  [false, "bad"],
  [null, "open"],
];
const stateOf = ({ success }) => STATES.find(([is]) => is === success)[1];

/** Every account's result, until it was read. */
const Report = ({ parts, close }) => html`
  <${Sheet} title=${t("result.each")} close=${close} footer=${html`<${Button} kind="primary" onClick=${close}>${t("common.ok")}<//>`}>
    <ul class="report">
      ${parts.map(
        (part, at) => html`
          <li key=${at} data-state=${stateOf(part)}>
            <p><b>${part.about.symbol}</b> <${AccountName} exchange=${part.about.exchange} type=${part.about.account_type} /></p>
            <p>${textOf(part)}</p>
            <${Warnings} result=${part.result} />
          </li>
        `,
      )}
    </ul>
  <//>
`;

const textOf = (part) => (part.success === false ? errorText(part.error) : part.success === null ? unknownText(part) : told(part));

/** What was done and still asks for a look, such as a stop that was refused: it stays until it was read. */
const Attention = ({ warned, close }) => html`
  <${Sheet} title=${t("result.look")} close=${close} footer=${html`<${Button} kind="primary" onClick=${close}>${t("common.ok")}<//>`}>
    ${warned.map(
      ({ result }) => html`
        <div key=${result.exchange + result.account_type + result.symbol} role="alert">
          <p><b>${result.symbol}</b> <${AccountName} exchange=${result.exchange} type=${result.account_type} /></p>
          <${Warnings} result=${result} />
        </div>
      `,
    )}
  <//>
`;

const Warnings = ({ result }) =>
  (result?.warnings ?? []).map((code) => html`<p class="warning" key=${code}>${has(`warning.${code}`) ? t(`warning.${code}`) : code}</p>`);

const unknownText = ({ result }) => t("result.unknown", { reference: result?.reference });

const told = ({ result }) => {
  const { outcome, side, symbol } = result ?? {};
  if (outcome === "filled" && side && result.filled_size) {
    const words = { size: exact(result.filled_size), symbol, price: price(result.average_price) };
    return t(result.average_price ? `result.filled.${side}` : `result.took.${side}`, words);
  }
  if (outcome === "accepted" && side && result.size) return t(`result.placed.${side}`, { size: exact(result.size), symbol });
  return symbol ? t("result.doneFor", { symbol }) : t("result.done");
};
