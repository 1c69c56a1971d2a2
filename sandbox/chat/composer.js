// The foot of a chat: menu button, input, send, and the keyboard a bot asked for.

import { html, useEffect, useLayoutEffect, useRef, useState } from "/chat/vendor/preact.module.js";
import { Icon } from "/chat/icons.js";
import { CommandList, matchingCommands, ReplyKeyboard } from "/chat/keyboards.js";
import { summary } from "/chat/messages.js";
import { chat, needsStart, openApp, pressStart, profile, sendText, setBlocked, state, update, words } from "/chat/store.js";

const MAX_HEIGHT = 160;

const WideButton = ({ label, onClick }) => html`
  <footer class="composer"><button type="button" class="wide-button" onClick=${onClick}>${label}</button></footer>
`;

const MenuButton = ({ isOpen, onToggle }) => {
  const menu = profile()?.menu;
  if (menu?.type === "web_app") {
    const open = () => openApp({ url: menu.web_app.url, title: menu.text });
    return html`<button type="button" class="menu-button is-app" onClick=${open}><${Icon} name="app" size=${18} /><span>${menu.text}</span></button>`;
  }
  if (!profile()?.commands.length) return null;
  return html`
    <button type="button" class="menu-button" aria-label=${words().menu} aria-expanded=${isOpen} aria-controls="commands" onClick=${onToggle}>
      <${Icon} name=${isOpen ? "close" : "grid"} size=${18} /><span>${words().menu}</span>
    </button>
  `;
};

const Context = () => {
  const id = state.editing ?? state.replyTo;
  const message = id === null ? null : chat().messages.get(id);
  if (!message) return null;
  const title = state.editing === null ? words().reply : words().editing;
  return html`
    <div class="context">
      <${Icon} name=${state.editing === null ? "reply" : "edit"} />
      <div><strong>${title}</strong><span>${summary(message)}</span></div>
      <button type="button" class="round" aria-label=${words().cancel} onClick=${() => update({ replyTo: null, editing: null })}>
        <${Icon} name="close" size=${18} />
      </button>
    </div>
  `;
};

/** The keys of the command list; returns whether the key was used. */
const steer = (event, { commands, selected, select, pick }) => {
  if (!commands.length) return false;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    select((selected + step + commands.length) % commands.length);
  } else if (event.key === "Tab" && !event.shiftKey) {
    pick(commands[selected].command, false);
  } else {
    return false;
  }
  event.preventDefault();
  return true;
};

export const Composer = () => {
  const [typed, setTyped] = useState("");
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [selected, select] = useState(0);
  const input = useRef(null);
  const keyboard = chat().keyboard;
  const commands = matchingCommands(isMenuOpen ? "/" : typed);

  useEffect(() => {
    const edited = state.editing === null ? null : chat().messages.get(state.editing);
    if (edited) setTyped(edited.text ?? "");
    if (state.editing !== null || state.replyTo !== null) input.current?.focus();
  }, [state.editing, state.replyTo]);
  useEffect(() => setTyped(""), [state.chatId]);
  useLayoutEffect(() => {
    const field = input.current;
    if (!field) return;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT)}px`;
  }, [typed]);

  if (needsStart()) return html`<${WideButton} label=${words().start} onClick=${pressStart} />`;
  if (chat().is_blocked) return html`<${WideButton} label=${words().unblock} onClick=${() => setBlocked(false)} />`;

  const submit = () => {
    if (!typed.trim()) return;
    sendText(typed);
    setTyped("");
    setMenuOpen(false);
  };
  const pick = (command, isSent = true) => {
    setMenuOpen(false);
    if (!isSent) {
      setTyped(`/${command} `);
      return;
    }
    setTyped("");
    sendText(`/${command}`);
  };
  const onKey = (event) => {
    if (steer(event, { commands, selected, select, pick })) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      const isPartial = commands.length && typed !== `/${commands[selected]?.command}`;
      if (isPartial) pick(commands[selected].command);
      else submit();
    } else if (event.key === "Escape") {
      setMenuOpen(false);
      update({ replyTo: null, editing: null });
    }
  };
  const onInput = (event) => {
    setTyped(event.target.value);
    setMenuOpen(false);
    select(0);
  };
  const keys = keyboard?.keyboard ? keyboard : null;
  const hint = keyboard?.input_field_placeholder || words().write;
  return html`
    <footer class="composer">
      ${commands.length > 0 && html`<${CommandList} commands=${commands} selected=${selected} onPick=${pick} />`}
      <${Context} />
      <div class=${`input-row ${typed ? "has-text" : ""}`}>
        ${chat().type === "private" && html`<${MenuButton} isOpen=${isMenuOpen} onToggle=${() => setMenuOpen(!isMenuOpen)} />`}
        <div class="field">
          <textarea
            ref=${input} rows="1" value=${typed} placeholder=${hint} aria-label=${words().write}
            aria-controls="commands" aria-expanded=${commands.length > 0} role="combobox" aria-autocomplete="list"
            aria-activedescendant=${commands.length ? `command-${selected}` : undefined}
            onInput=${onInput} onKeyDown=${onKey} enterkeyhint="send"
          ></textarea>
          ${!typed && html`<span class="hint" aria-hidden="true">${hint}</span>`}
          ${keys && html`
            <button type="button" class="round" aria-pressed=${!state.isKeyboardHidden}
              aria-label=${state.isKeyboardHidden ? words().keyboardShow : words().keyboardHide}
              onClick=${() => update({ isKeyboardHidden: !state.isKeyboardHidden })}>
              <${Icon} name=${state.isKeyboardHidden ? "keyboard" : "down"} />
            </button>`}
        </div>
        <button type="button" class="send" aria-label=${words().send} disabled=${!typed.trim()} onClick=${submit}>
          <${Icon} name="send" />
        </button>
      </div>
      ${keys && !state.isKeyboardHidden && html`<${ReplyKeyboard} keyboard=${keys} />`}
    </footer>
  `;
};
