// Everything that lies above the chat for a moment: toast, alert, menus, a photo in full.

import { html, useEffect, useLayoutEffect, useRef } from "/chat/vendor/preact.module.js";
import { fileUrl } from "/chat/connection.js";
import { Icon } from "/chat/icons.js";
import { chat, copyText, removeMessage, setBlocked, setTheme, state, update, words } from "/chat/store.js";

const close = () => update({ dialog: null });

/** A short notice; as a popover it lies above open dialogs too. */
export const Toast = () => {
  const place = useRef(null);
  useEffect(() => {
    place.current.hidePopover();
    if (state.toast) place.current.showPopover();
  }, [state.toast]);
  return html`
    <div class="for-readers" role="status">${state.toast?.text}</div>
    <div class="toast-place" popover="manual" ref=${place} aria-hidden="true">
      ${state.toast && html`<div class="toast">${state.toast.text}</div>`}
    </div>
  `;
};

/**
 * A modal dialog: the browser keeps the focus inside. Escape, a press beside it and the phone's back gesture ask
 * `onClose`, which may keep it open.
 */
export const Modal = ({ label, className = "", onClose = close, children }) => {
  const element = useRef(null);
  const isMounted = useRef(true);
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog.showModal();
    return () => {
      isMounted.current = false;
      dialog.close();
    };
  }, []);
  const onClick = (event) => event.target === element.current && onClose();
  const ask = (event) => {
    event.preventDefault();
    event.stopPropagation();
    onClose();
  };
  const onKeyDown = (event) => event.key === "Escape" && ask(event);
  // A browser may close a dialog without asking: a second back gesture does. Then it is opened again, and asked for.
  const onClosed = (event) => {
    if (!isMounted.current || event.target !== element.current) return;
    element.current.showModal();
    onClose();
  };
  return html`
    <dialog
      ref=${element} class=${className} aria-label=${label}
      onClick=${onClick} onKeyDown=${onKeyDown} onCancel=${ask} onClose=${onClosed}
    >
      ${children}
    </dialog>
  `;
};

const Alert = ({ dialog }) => html`
  <${Modal} label=${dialog.text} className="alert">
    <p>${dialog.text}</p>
    <div class="actions"><button type="button" class="plain" onClick=${close}>${words().ok}</button></div>
  <//>
`;

const OpenLink = ({ dialog }) => html`
  <${Modal} label=${words().openLink} className="alert">
    <p><strong>${words().openLink}</strong></p>
    <p class="address">${dialog.url}</p>
    <div class="actions">
      <button type="button" class="plain" onClick=${close}>${words().cancel}</button>
      <a class="plain is-strong" href=${dialog.url} target="_blank" rel="noopener noreferrer" onClick=${close}>${words().openApp}</a>
    </div>
  <//>
`;

const FullPhoto = ({ dialog }) => {
  const size = dialog.message.photo.at(-1);
  return html`
    <${Modal} label=${words().photo} className="viewer">
      <img src=${fileUrl(size.file_id)} alt=${dialog.message.caption ?? words().photo} />
      <button type="button" class="round" aria-label=${words().close} onClick=${close}><${Icon} name="close" /></button>
    <//>
  `;
};

/** A menu at a point; arrow keys move, Escape and a press elsewhere close it. */
const Menu = ({ x, y, items }) => {
  const element = useRef(null);
  useLayoutEffect(() => {
    const menu = element.current;
    const box = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
    menu.style.top = `${Math.max(8, Math.min(y, innerHeight - box.height - 8))}px`;
    menu.querySelector("button").focus();
  }, []);
  const onKey = (event) => {
    const buttons = [...element.current.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (step) buttons[(at + step + buttons.length) % buttons.length].focus();
    else return;
    event.preventDefault();
  };
  return html`
    <div class="menu-cover" onClick=${close} onContextMenu=${(event) => event.preventDefault() ?? close()}></div>
    <div class="menu" role="menu" ref=${element} onKeyDown=${onKey}>
      ${items.map(
        ([icon, label, run, style]) => html`
          <button type="button" role="menuitem" data-style=${style} onClick=${() => close() ?? run()}>
            <${Icon} name=${icon} />${label}
          </button>
        `,
      )}
    </div>
  `;
};

const MessageMenu = ({ dialog: { message, x, y } }) => {
  const text = message.text ?? message.caption;
  const isMine = message.from.id === state.actorId;
  const items = [
    ["reply", words().reply, () => update({ replyTo: message.message_id, editing: null })],
    text && ["copy", words().copy, () => copyText(text)],
    isMine && message.text && ["edit", words().edit, () => update({ editing: message.message_id, replyTo: null })],
    ["trash", words().delete, () => removeMessage(message), "danger"],
  ];
  return html`<${Menu} x=${x} y=${y} items=${items.filter(Boolean)} />`;
};

const ChatMenu = ({ dialog: { x, y } }) => {
  const isDark = state.theme === "dark";
  const isBlocked = chat().is_blocked;
  const items = [
    [isDark ? "sun" : "moon", isDark ? words().light : words().dark, () => setTheme(isDark ? "light" : "dark")],
    ["tools", words().tools, () => update({ isToolsOpen: true })],
    chat().type === "private" && ["block", isBlocked ? words().unblock : words().block, () => setBlocked(!isBlocked), isBlocked ? "" : "danger"],
  ];
  return html`<${Menu} x=${x} y=${y} items=${items.filter(Boolean)} />`;
};

const KINDS = { alert: Alert, link: OpenLink, photo: FullPhoto, message: MessageMenu, chat: ChatMenu };

export const Dialog = () => {
  if (state.dialog === null) return null;
  const Kind = KINDS[state.dialog.kind];
  return html`<${Kind} dialog=${state.dialog} />`;
};
