// For developers and support: every Bot API call with its raw JSON, and faults to switch on.

import { html, useEffect, useState } from "/chat/vendor/preact.module.js";
import { act, readCalls } from "/chat/connection.js";
import { Modal } from "/chat/dialogs.js";
import { Icon } from "/chat/icons.js";
import { clock } from "/chat/messages.js";
import { showToast, state, update, words } from "/chat/store.js";

const FAULTS = [
  ["429", { kind: "too_many_requests", method: "sendMessage", retry_after: 5 }],
  ["502 ×3", { kind: "server_error", status: 502, times: 3 }],
  ["409", { kind: "conflict", method: "getUpdates" }],
  ["401", { kind: "unauthorized", method: "getUpdates" }],
  ["Slow 3 s", { kind: "delay", delay_s: 3, times: 3 }],
  ["Answer lost", { kind: "drop_after", method: "sendMessage" }],
  ["Line breaks", { kind: "drop_before" }],
];

const arm = async (label, fault) => {
  await act("fault", fault);
  showToast(label);
};

const Call = ({ call }) => html`
  <details class="call">
    <summary>
      <span class="status" data-ok=${call.status === 200}>${call.status || "—"}</span>
      <code>${call.method}</code>
      <small>${call.fault ?? clock(call.at)}</small>
    </summary>
    <pre tabindex="0">${JSON.stringify({ params: call.params, answer: call.answer }, null, 2)}</pre>
  </details>
`;

const Panel = () => {
  const [withPolls, setWithPolls] = useState(false);
  useEffect(() => {
    readCalls().then((calls) => update({ calls }));
  }, []);
  const shown = state.calls.filter((call) => withPolls || call.method !== "getUpdates").slice(-100).reverse();
  const close = () => update({ isToolsOpen: false });
  return html`
    <${Modal} label=${words().tools} className="tools" onClose=${close}>
      <header class="bar">
        <h2>${words().tools}</h2>
        <button type="button" class="round" aria-label=${words().close} onClick=${close}><${Icon} name="close" /></button>
      </header>
      <div class="faults">
        ${FAULTS.map(([label, fault]) => html`<button type="button" class="chip" onClick=${() => arm(label, fault)}>${label}</button>`)}
        <button type="button" class="chip" onClick=${() => act("redeliver", { count: 1 })}>Redeliver</button>
        <button type="button" class="chip" onClick=${() => act("clear_faults", {})}>Clear</button>
      </div>
      <label class="polls"><input type="checkbox" checked=${withPolls} onChange=${() => setWithPolls(!withPolls)} /> getUpdates</label>
      <div class="calls">${shown.map((call, index) => html`<${Call} key=${shown.length - index} call=${call} />`)}</div>
    <//>
  `;
};

export const Tools = () => state.isToolsOpen && html`<${Panel} />`;
