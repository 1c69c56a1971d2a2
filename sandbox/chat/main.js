// The chat page: a list of chats, one open conversation, and what lies above them.

import { html, render } from "/chat/vendor/preact.module.js";
import { Composer } from "/chat/composer.js";
import { Dialog, Toast } from "/chat/dialogs.js";
import { Icon } from "/chat/icons.js";
import { labels } from "/chat/labels.js";
import { Log, summary } from "/chat/messages.js";
import { Avatar, Sidebar } from "/chat/sidebar.js";
import { chat, chatTitle, start, state, update, useStore, words } from "/chat/store.js";
import { Tools } from "/chat/tools.js";
import { MiniApp } from "/chat/webapp.js";

const isTyping = () => (state.typing.get(state.chatId) ?? 0) > Date.now();

const subtitle = () => {
  if (state.link === "lost") return words().retry;
  if (isTyping()) return words().typing;
  return chat().type === "private" ? words().bot : words().group;
};

const Header = () => {
  const openMenu = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    update({ dialog: { kind: "chat", x: box.right, y: box.bottom } });
  };
  return html`
    <header class="bar">
      <button type="button" class="round only-phone" aria-label=${words().back} onClick=${() => update({ isListOpen: true })}>
        <${Icon} name="back" />
      </button>
      <${Avatar} chat=${chat()} title=${chatTitle(chat())} />
      <h2>
        ${chatTitle(chat())}
        <small class=${isTyping() ? "is-typing" : ""} aria-live="polite">${subtitle()}</small>
      </h2>
      <span class="paper-badge">SANDBOX</span>
      <button type="button" class="round" aria-label=${words().menu} aria-haspopup="menu" onClick=${openMenu}>
        <${Icon} name="menu" />
      </button>
    </header>
  `;
};

const Pinned = () => {
  const message = chat().messages.get(chat().pinned.at(-1));
  if (!message) return null;
  const jump = () => document.getElementById(`message-${message.message_id}`)?.scrollIntoView({ block: "center" });
  return html`
    <button type="button" class="pinned" onClick=${jump}>
      <${Icon} name="pin" />
      <span><strong>${words().pinned}</strong><span>${summary(message)}</span></span>
    </button>
  `;
};

const Notice = ({ text, isBusy }) => html`
  <main class="notice" role="status">
    ${isBusy && html`<span class="spinner" aria-hidden="true"></span>`}
    <p>${text}</p>
  </main>
`;

const App = () => {
  useStore();
  if (state.link === "refused") {
    const text = "This page needs the secret of the running sandbox. Open the chat with the link that start.sh printed.";
    return html`<${Notice} text=${text} />`;
  }
  if (state.people.size === 0) return html`<${Notice} isBusy text=${labels(navigator.language.slice(0, 2)).connecting} />`;
  document.documentElement.lang = state.people.get(state.actorId).language_code ?? "en";
  return html`
    <div class=${`app ${state.isListOpen ? "shows-list" : ""}`} data-link=${state.link}>
      <${Sidebar} />
      <main class="conversation">
        <${Header} />
        <${Pinned} />
        <${Log} />
        <${Composer} key=${state.chatId} />
        <${Toast} />
      </main>
      <${Dialog} />
      <${MiniApp} />
      <${Tools} />
    </div>
  `;
};

start();
render(html`<${App} />`, document.getElementById("app"));
