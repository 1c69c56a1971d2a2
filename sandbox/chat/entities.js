// Text with Telegram's entities as elements. Offsets are UTF-16 code units, which is how JavaScript counts too.

import { html, useState } from "/chat/vendor/preact.module.js";
import { Icon } from "/chat/icons.js";
import { copyText, openUrl, sendText, words } from "/chat/store.js";

const LONG_QUOTE = 160;

const Spoiler = ({ children }) => {
  const [isShown, show] = useState(false);
  if (isShown) return html`<span class="spoiler is-shown">${children}</span>`;
  return html`
    <button type="button" class="spoiler" aria-label=${words().spoiler} onClick=${() => show(true)}>
      <span aria-hidden="true">${children}</span>
    </button>
  `;
};

const Quote = ({ isExpandable, text, children }) => {
  const [isOpen, setOpen] = useState(!isExpandable);
  const canFold = isExpandable && (text.length > LONG_QUOTE || text.split("\n").length > 3);
  return html`
    <blockquote class=${canFold && !isOpen ? "is-folded" : ""}>
      <div>${children}</div>
      ${canFold &&
      html`<button type="button" class="link" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
        ${isOpen ? words().collapse : words().expand}
      </button>`}
    </blockquote>
  `;
};

const Link = ({ url, children }) => {
  const follow = (event) => {
    event.preventDefault();
    openUrl(url);
  };
  return html`<a href=${url} rel="noopener noreferrer" target="_blank" onClick=${follow}>${children}</a>`;
};

const Code = ({ text, children }) => html`
  <code class=${text.includes("\n") ? "is-block" : ""} title=${words().copy} onClick=${() => copyText(text)}>${children}</code>
`;

const Block = ({ entity, text, children }) => html`
  <pre data-language=${entity.language} tabindex="0"><code>${children}</code><button
    type="button" class="copy" aria-label=${words().copy} onClick=${() => copyText(text)}><${Icon} name="copy" size=${16} /></button></pre>
`;

const Command = ({ text, children }) => html`
  <button type="button" class="link" onClick=${() => sendText(text)}>${children}</button>
`;

const ELEMENTS = {
  bold: ({ children }) => html`<strong>${children}</strong>`,
  italic: ({ children }) => html`<em>${children}</em>`,
  underline: ({ children }) => html`<u>${children}</u>`,
  strikethrough: ({ children }) => html`<s>${children}</s>`,
  spoiler: Spoiler,
  code: Code,
  pre: Block,
  blockquote: ({ text, children }) => html`<${Quote} text=${text}>${children}<//>`,
  expandable_blockquote: ({ text, children }) => html`<${Quote} isExpandable text=${text}>${children}<//>`,
  text_link: ({ entity, children }) => html`<${Link} url=${entity.url}>${children}<//>`,
  url: ({ text, children }) => html`<${Link} url=${text}>${children}<//>`,
  email: ({ text, children }) => html`<${Link} url=${`mailto:${text}`}>${children}<//>`,
  bot_command: Command,
  mention: ({ children }) => html`<span class="mention">${children}</span>`,
  text_mention: ({ children }) => html`<span class="mention">${children}</span>`,
  hashtag: ({ children }) => html`<span class="mention">${children}</span>`,
  cashtag: ({ children }) => html`<span class="mention">${children}</span>`,
};

/** These stand on lines of their own, so a line break beside them is already there. */
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

/** Code of several lines is a table in disguise: it gets a block too. */
const isTable = ({ type, offset, length }, text) => type === "code" && text.slice(offset, offset + length).includes("\n");

/** Return the text between two offsets, with the entities that lie inside as elements; entities nest, never cross. */
const part = (text, entities, from, to) => {
  const parts = [];
  const plain = (start, end) => start < end && parts.push(text.slice(start, end));
  let at = from;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const end = Math.min(entity.offset + entity.length, to);
    let next = index + 1;
    while (next < entities.length && entities[next].offset < end) next += 1;
    const isBlock = BLOCKS.has(entity.type) || isTable(entity, text);
    plain(at, isBlock && text[entity.offset - 1] === "\n" ? entity.offset - 1 : entity.offset);
    const Element = ELEMENTS[entity.type] ?? (({ children }) => children);
    const inner = part(text, entities.slice(index + 1, next), entity.offset, end);
    parts.push(html`<${Element} entity=${entity} text=${text.slice(entity.offset, end)}>${inner}<//>`);
    at = isBlock && text[end] === "\n" ? end + 1 : end;
    index = next;
  }
  plain(at, to);
  return parts;
};

/** A message's text as a person reads it. */
export const RichText = ({ text, entities = [] }) => html`
  <div class="text" dir="auto">${part(text, entities, 0, text.length)}</div>
`;
