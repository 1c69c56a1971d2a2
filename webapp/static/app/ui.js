// The small things that every screen is made of.

import { html, useEffect, useRef, useState } from "../vendor/preact.module.js";
import { UNKNOWN, clock, fixed } from "./format.js";
import { errorText, t } from "./i18n.js";
import { Icon } from "./icons.js";
import { state, useStore } from "./store.js";
import { haptic, useBackButton } from "./telegram.js";

/** Return a venue's name for people. */
export const venueTitle = (exchange) => state.me?.venues.find((venue) => venue.exchange === exchange)?.title ?? exchange ?? "";

/** Which account, always with the word that says whose money it is. */
export const Badge = ({ type }) => html`<span class="badge" data-type=${type}>${String(type).toUpperCase()}</span>`;

/** Return what the person calls an account of theirs; undefined where they gave it no name. */
export const nameOfAccount = (exchange, type) => state.me?.account_names[`${exchange}:${type}`];

export const AccountName = ({ exchange, type }) => {
  const name = useStore(() => nameOfAccount(exchange, type));
  return html`<span class="account-name">${venueTitle(exchange)} <${Badge} type=${type} />${name && html` <span class="given" title=${name}>${name}</span>`}</span>`;
};

/** Return an account of the live picture as one of the options to choose from. */
export const accountOption = ({ key, exchange, accountType }) => {
  const name = nameOfAccount(exchange, accountType);
  return { value: key, label: `${venueTitle(exchange)} · ${accountType.toUpperCase()}${name ? ` · ${name}` : ""}` };
};

export const Side = ({ side, leverage }) => html`
  <span class="side" data-side=${side === "buy" || side === "long" ? "long" : "short"}>
    ${t(`side.${side}`)}${leverage ? ` ${leverage}×` : ""}
  </span>
`;

/** Profit or loss: sign and arrow beside the colour. */
export const Gain = ({ value, suffix = "", decimals = 2, isLarge = false }) => {
  if (value === null || value === undefined) return html`<span class="gain">${UNKNOWN}</span>`;
  const number = Number(Number(value).toFixed(decimals));
  const way = number > 0 ? "up" : number < 0 ? "down" : "flat";
  const arrow = { up: "▲", down: "▼", flat: "" }[way];
  return html`
    <span class="gain" data-way=${way} data-large=${isLarge}>
      ${arrow && html`<span class="arrow" aria-hidden="true">${arrow}</span>`}${fixed(value, decimals, { isSigned: true })}${suffix}
    </span>
  `;
};

export const Row = ({ label, children, hint }) => html`
  <div class="row"><dt>${label}${hint && html`<small>${hint}</small>`}</dt><dd>${children}</dd></div>
`;

export const Button = ({ kind = "plain", isBusy = false, disabled = false, onClick, children, label, ...rest }) => html`
  <button
    type="button"
    class="button"
    data-kind=${kind}
    disabled=${disabled || isBusy}
    aria-busy=${isBusy ? "true" : undefined}
    aria-label=${label}
    onClick=${onClick}
    ...${rest}
  >
    ${isBusy ? html`<span class="spinner" aria-hidden="true"></span>` : null}<span>${children}</span>
  </button>
`;

export const IconButton = ({ icon, label, onClick, ...rest }) => html`
  <button type="button" class="icon-button" aria-label=${label} title=${label} onClick=${onClick} ...${rest}><${Icon} name=${icon} /></button>
`;

/** One choice of a few that are all in sight. */
export const Segments = ({ label, value, options, onChange, kind, disabled = false }) => {
  const move = (event, at) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = options[(at + step + options.length) % options.length];
    onChange(next.value);
    event.currentTarget.parentElement.querySelector(`[data-value="${next.value}"]`)?.focus();
  };
  return html`
    <div class="segments" role="radiogroup" aria-label=${label} data-kind=${kind}>
      ${options.map(
        (option, at) => html`
          <button
            type="button"
            role="radio"
            key=${option.value}
            data-value=${option.value}
            disabled=${disabled}
            aria-checked=${option.value === value ? "true" : "false"}
            tabindex=${at === Math.max(0, options.findIndex((one) => one.value === value)) ? 0 : -1}
            onKeyDown=${(event) => move(event, at)}
            onClick=${() => {
              haptic("selection");
              onChange(option.value);
            }}
          >
            ${option.label}
          </button>
        `,
      )}
    </div>
  `;
};

const SETTLED_MS = 500;

/** Return a problem once it has stood for a moment: who is still typing is not interrupted. */
const useSettled = (problem) => {
  const [settled, setSettled] = useState(null);
  useEffect(() => {
    if (!problem) setSettled(null);
    const timer = problem && setTimeout(() => setSettled(problem), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [problem]);
  return problem ? settled : null;
};

/** A labelled input; `problem` is said to everybody, screen readers included. */
export const Field = ({ label, value, onInput, unit, problem: current, name, placeholder, type = "text", inputMode = "decimal", hint, children, ...rest }) => {
  const id = `field-${name}`;
  const problem = useSettled(current || null);
  return html`
    <div class="field" data-invalid=${problem ? "true" : undefined}>
      <label for=${id}>${label}</label>
      <div class="input">
        <input
          id=${id}
          name=${name}
          type=${type}
          value=${value}
          placeholder=${placeholder}
          inputmode=${inputMode}
          autocomplete="off"
          autocapitalize="off"
          spellcheck=${false}
          aria-invalid=${problem ? "true" : undefined}
          aria-describedby=${problem || hint ? `${id}-note` : undefined}
          onInput=${(event) => onInput(event.currentTarget.value)}
          ...${rest}
        />
        ${children ?? (unit && html`<span class="unit">${unit}</span>`)}
      </div>
      ${(problem || hint) && html`<p class="note" id=${`${id}-note`} role=${problem ? "alert" : undefined}>${problem || hint}</p>`}
    </div>
  `;
};

export const Select = ({ label, value, options, onChange, isBare = false }) => html`
  <select class=${isBare ? "bare" : "select"} aria-label=${label} value=${value} onChange=${(event) => onChange(event.currentTarget.value, event.currentTarget)}>
    ${options.map((option) => html`<option key=${option.value} value=${option.value} selected=${option.value === value}>${option.label}</option>`)}
  </select>
`;

export const Switch = ({ label, isOn, onChange, disabled }) => html`
  <button type="button" class="switch" role="switch" aria-checked=${isOn ? "true" : "false"} aria-label=${label} disabled=${disabled} onClick=${() => onChange(!isOn)}>
    <span></span>
  </button>
`;

export const Empty = ({ title, children }) => html`<div class="empty"><p>${title}</p>${children}</div>`;

export const Loading = () => html`<div class="empty" role="status"><span class="spinner" aria-hidden="true"></span><p>${t("common.loading")}</p></div>`;

/** An error, which never looks like a zero or like nothing. */
export const Problem = ({ error, at, children }) => html`
  <div class="problem" role="alert">
    <${Icon} name="warning" />
    <div>
      <p>${errorText(error)}</p>
      ${at && html`<p class="faint">${t("live.numbersOf", { time: clock(at) })}</p>`} ${children}
    </div>
  </div>
`;

/** Return a listener that does something when Enter is pressed in a field. */
export const onEnter = (work) => (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("input:not([type=checkbox])")) return;
  event.preventDefault();
  work();
};

/** Where a field may have the focus at once without a keyboard sliding over half of the screen. */
const HAS_KEYBOARD = matchMedia("(hover: hover) and (pointer: fine)");

/** A dialog over the page: slides up on a phone, stands in the middle on a desk. */
export const Sheet = ({ title, close, children, footer, aside }) => {
  const dialog = useRef(null);
  useBackButton(close);
  useEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current;
    shown.showModal();
    if (HAS_KEYBOARD.matches) shown.querySelector("input")?.focus();
    return () => {
      shown.close(); // while it is open nothing under it takes the focus
      const isThere = before?.isConnected && before !== document.body;
      (isThere ? before : document.getElementById("content"))?.focus({ preventScroll: true });
    };
  }, []);
  const pressPrimary = () => dialog.current.querySelector(".sheet-foot [data-kind=primary]:enabled")?.click();
  const onCancel = (event) => {
    event.preventDefault();
    close();
  };
  return html`
    <dialog class="sheet" ref=${dialog} aria-label=${title} onCancel=${onCancel} onKeyDown=${onEnter(pressPrimary)} onClick=${(event) => event.target === dialog.current && close()}>
      <div class="sheet-body">
        <div class="sheet-head"><h2>${title}</h2>${aside}<${IconButton} icon="close" label=${t("common.close")} onClick=${close} /></div>
        <div class="sheet-content">${children}</div>
        ${footer && html`<div class="sheet-foot">${footer}</div>`}
      </div>
    </dialog>
  `;
};

export const Sheets = () => {
  const sheets = useStore((s) => s.sheets);
  return sheets.map((sheet) => html`<${sheet.content} key=${sheet.id} close=${sheet.close} />`);
};

export const Toast = () => {
  const toast = useStore((s) => s.toast);
  return html`
    <div class="toasts" role="status" aria-live="polite">
      ${toast && html`<p class="toast" data-kind=${toast.kind} key=${toast.text}>${toast.text}</p>`}
    </div>
  `;
};

/** Whether this person may trade; views hide what viewers cannot do. */
export const canTrade = () => Boolean(state.me?.can_trade);
