// Buttons under a message, the keyboard under the input, and the list of commands.

import { html } from "/chat/vendor/preact.module.js";
import { Icon } from "/chat/icons.js";
import { copyText, isBusy, openApp, openUrl, press, profile, sendText, words } from "/chat/store.js";

const ACTIONS = {
  callback_data: (message, button) => press(message, button.callback_data),
  url: (message, button) => openUrl(button.url),
  web_app: (message, button) => openApp({ url: button.web_app.url, title: button.text }),
  copy_text: (message, button) => copyText(button.copy_text.text),
};
const MARKS = { url: "external", web_app: "app", copy_text: "copy" };

const InlineButton = ({ message, button }) => {
  const kind = Object.keys(ACTIONS).find((name) => name in button);
  const isWaiting = isBusy(message, button);
  return html`
    <button
      type="button"
      class="inline-button"
      data-style=${button.style}
      aria-busy=${isWaiting ? "true" : undefined}
      onClick=${() => ACTIONS[kind](message, button)}
    >
      <span>${button.text}</span>
      ${MARKS[kind] && html`<span class="mark"><${Icon} name=${MARKS[kind]} size=${12} /></span>`}
      ${isWaiting && html`<span class="spinner" aria-hidden="true"></span>`}
    </button>
  `;
};

export const InlineKeyboard = ({ message }) => html`
  <div class="inline-keyboard">
    ${message.reply_markup.inline_keyboard.map(
      (row) => html`
        <div class="row">${row.map((button) => html`<${InlineButton} message=${message} button=${button} />`)}</div>
      `,
    )}
  </div>
`;

const pressKey = (button) =>
  button.web_app
    ? openApp({ url: button.web_app.url, title: button.text, keyboardButton: button.text })
    : sendText(button.text);

export const ReplyKeyboard = ({ keyboard }) => html`
  <div class=${`reply-keyboard ${keyboard.resize_keyboard ? "" : "is-tall"}`} role="group" aria-label=${words().keyboardShow}>
    ${keyboard.keyboard.map(
      (row) => html`
        <div class="row">
          ${row.map(
            (button) => html`
              <button type="button" data-style=${button.style} onClick=${() => pressKey(button)}>${button.text}</button>
            `,
          )}
        </div>
      `,
    )}
  </div>
`;

/** The commands that begin with what was typed. */
export const matchingCommands = (typed) => {
  const commands = profile()?.commands ?? [];
  const prefix = /^\/([a-z0-9_]*)$/i.exec(typed)?.[1];
  return prefix === undefined ? [] : commands.filter((each) => each.command.startsWith(prefix.toLowerCase()));
};

export const CommandList = ({ commands, selected, onPick }) => html`
  <ul class="command-list" role="listbox" id="commands" aria-label=${words().commands}>
    ${commands.map(
      (each, index) => html`
        <li
          role="option"
          id=${`command-${index}`}
          aria-selected=${index === selected}
          onMouseDown=${(event) => event.preventDefault()}
          onClick=${() => onPick(each.command)}
        >
          <span class="command">/${each.command}</span><span class="description">${each.description}</span>
        </li>
      `,
    )}
  </ul>
`;
