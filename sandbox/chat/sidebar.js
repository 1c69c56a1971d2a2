// The list of chats, who writes, and the settings of the page.

import { html } from "/chat/vendor/preact.module.js";
import { Icon } from "/chat/icons.js";
import { LANGUAGES } from "/chat/labels.js";
import { clock, summary } from "/chat/messages.js";
import { actor, chatTitle, openChat, setActor, setLanguage, setTheme, state, update, visibleChats, words } from "/chat/store.js";

const LANGUAGE_NAMES = { en: "English", ru: "Русский", uk: "Українська" };

/** A choice of a few, of which one holds. */
const Choice = ({ label, options, value, onPick }) => html`
  <div class="choice" role="radiogroup" aria-label=${label}>
    ${options.map(
      ([name, text]) => html`
        <button type="button" role="radio" aria-checked=${name === value} lang=${name in LANGUAGES ? name : undefined} onClick=${() => onPick(name)}>
          ${text}
        </button>
      `,
    )}
  </div>
`;

export const Avatar = ({ chat: shown, title }) => html`
  <span class="avatar" data-kind=${shown.type} aria-hidden="true">${title.slice(0, 1)}</span>
`;

const Row = ({ shown }) => {
  const last = [...shown.messages.values()].at(-1);
  const unread = state.unread.get(shown.id);
  return html`
    <li>
      <button type="button" class="chat-row" aria-current=${shown.id === state.chatId} onClick=${() => openChat(shown.id)}>
        <${Avatar} chat=${shown} title=${chatTitle(shown)} />
        <span class="chat-name">${chatTitle(shown)}</span><small>${last && clock(last.date)}</small>
        <span class="preview">${last ? summary(last) : words().empty}</span>
        ${unread && html`<span class="badge">${unread}</span>`}
      </button>
    </li>
  `;
};

export const Sidebar = () => html`
  <aside class="sidebar" aria-label=${words().chats}>
    <header class="bar"><h1>ElCaro <small>sandbox</small></h1></header>
    <section>
      <h2>${words().accounts}</h2>
      <${Choice}
        label=${words().accounts}
        options=${[...state.people.values()].map((person) => [person.id, person.first_name])}
        value=${state.actorId}
        onPick=${setActor}
      />
    </section>
    <nav aria-label=${words().chats}>
      <ul>
        ${visibleChats().map((shown) => html`<${Row} key=${shown.id} shown=${shown} />`)}
      </ul>
    </nav>
    <section class="settings">
      <h2>${words().language}</h2>
      <${Choice} label=${words().language} options=${Object.entries(LANGUAGE_NAMES)} value=${actor().language_code} onPick=${setLanguage} />
      <h2>${words().theme}</h2>
      <${Choice}
        label=${words().theme}
        options=${[
          ["light", words().light],
          ["dark", words().dark],
        ]}
        value=${state.theme}
        onPick=${setTheme}
      />
      <button type="button" class="tools-button" onClick=${() => update({ isToolsOpen: true })}>
        <${Icon} name="tools" />${words().tools}
      </button>
      <p class="fine">${words().sandbox}</p>
    </section>
  </aside>
`;
