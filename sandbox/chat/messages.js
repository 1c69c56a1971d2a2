// The conversation: days, bubbles, albums, service lines.

import { html, useEffect, useLayoutEffect, useRef, useState } from "/chat/vendor/preact.module.js";
import { fileUrl } from "/chat/connection.js";
import { RichText } from "/chat/entities.js";
import { Icon } from "/chat/icons.js";
import { InlineKeyboard } from "/chat/keyboards.js";
import { actor, botName, chat, profile, state, update, words } from "/chat/store.js";

const SHOWN_AT_ONCE = 120;
const GROUPED_WITHIN_S = 300;
const NEAR_BOTTOM_PX = 120;

/** A time of day as everybody who trades writes it: 24 hours. */
export const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const dayName = (date) => {
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return words().today;
  if (date.toDateString() === yesterday.toDateString()) return words().yesterday;
  return date.toLocaleDateString(actor()?.language_code, { day: "numeric", month: "long", year: "numeric" });
};

const senderName = (message) => (message.from.is_bot ? botName() : message.from.first_name);

/** One line that stands for a message: in replies, pins and the chat list. */
export const summary = (message) => {
  if (message.pinned_message) return words().pinnedNote;
  if (message.web_app_data) return words().viaApp;
  const kind = message.photo ? words().photo : message.document ? message.document.file_name : "";
  const text = message.text ?? message.caption ?? "";
  return [kind, text.replace(/\s+/g, " ")].filter(Boolean).join(" · ");
};

const Photo = ({ message }) => {
  const size = message.photo.at(-1);
  const [isHidden, setHidden] = useState(message.has_media_spoiler ?? false);
  const open = () => (isHidden ? setHidden(false) : update({ dialog: { kind: "photo", message } }));
  return html`
    <button type="button" class=${`photo ${isHidden ? "is-hidden" : ""}`} aria-label=${isHidden ? words().spoiler : words().photo} onClick=${open}>
      <img src=${fileUrl(size.file_id)} width=${size.width} height=${size.height} alt=${message.caption ?? words().photo} />
    </button>
  `;
};

const readableSize = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

const Document = ({ message }) => html`
  <a class="document" href=${fileUrl(message.document.file_id)} download=${message.document.file_name}>
    <span class="document-icon"><${Icon} name="file" /></span>
    <span><strong>${message.document.file_name}</strong><small>${readableSize(message.document.file_size)}</small></span>
  </a>
`;

const Reply = ({ replied }) => {
  const jump = () => document.getElementById(`message-${replied.message_id}`)?.scrollIntoView({ block: "center" });
  return html`
    <button type="button" class="reply" onClick=${jump}>
      <strong>${senderName(replied)}</strong><span>${summary(replied)}</span>
    </button>
  `;
};

const Meta = ({ message }) => html`
  <span class="meta">
    ${message.is_silent && html`<span role="img" aria-label=${words().muted} title=${words().muted}><${Icon} name="muted" size=${13} /></span>`}
    ${message.edit_date && html`<span>${words().edited}</span>`}
    <time datetime=${new Date(message.date * 1000).toISOString()}>${clock(message.date)}</time>
    ${message.from.id === state.actorId && html`<${Icon} name="check" size=${13} />`}
  </span>
`;

const Service = ({ message }) => {
  const pinned = message.pinned_message;
  const text = pinned ? `${senderName(message)} ${words().pinnedNote}: ${summary(pinned)}` : `${words().viaApp}: ${message.web_app_data.data}`;
  return html`<div class="service" id=${`message-${message.message_id}`}><span>${text}</span></div>`;
};

/** The content of one bubble; an album is several photos with one caption. */
const Body = ({ items }) => {
  const message = items.find((each) => each.caption) ?? items[0];
  const text = message.text ?? message.caption;
  const media = items.map((each) => (each.photo ? html`<${Photo} message=${each} />` : each.document && html`<${Document} message=${each} />`));
  const hasMedia = items.some((each) => each.photo || each.document);
  const album = hasMedia && html`<div class=${items[0].photo ? `album of-${Math.min(items.length, 4)}` : "documents"}>${media}</div>`;
  const rich = text && html`<${RichText} text=${text} entities=${message.entities ?? message.caption_entities} />`;
  return message.show_caption_above_media ? html`${rich}${album}` : html`${album}${rich}`;
};

const Bubble = ({ items, isFirst, isLast }) => {
  const message = items[0];
  const isMine = message.from.id === state.actorId;
  const classes = ["message", isMine ? "is-mine" : "is-theirs", isFirst && "is-first", isLast && "is-last"];
  if (items.some((each) => each.photo)) classes.push("has-photo");
  if (items.length === 1 && message.photo && !message.caption) classes.push("is-bare");
  const openMenu = (event) => {
    if (event.target.closest("a, img")) return;
    event.preventDefault();
    update({ dialog: { kind: "message", message, x: event.clientX, y: event.clientY } });
  };
  const openFromButton = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    update({ dialog: { kind: "message", message, x: box.left, y: box.bottom } });
  };
  const showsName = isFirst && !isMine && chat().type !== "private";
  const markup = items.at(-1).reply_markup;
  return html`
    <article class=${classes.filter(Boolean).join(" ")} id=${`message-${message.message_id}`} aria-label=${isMine ? words().you : senderName(message)}>
      <div class="bubble" onContextMenu=${openMenu}>
        ${showsName && html`<strong class="sender">${senderName(message)}</strong>`}
        ${message.forward_origin && html`<small class="forwarded">${words().forwarded} ${message.forward_origin.sender_user.first_name}</small>`}
        ${message.reply_to_message && html`<${Reply} replied=${message.reply_to_message} />`}
        <${Body} items=${items} />
        <${Meta} message=${items.at(-1)} />
        <button type="button" class="round more" aria-label=${words().more} aria-haspopup="menu" onClick=${openFromButton}>
          <${Icon} name="menu" size=${16} />
        </button>
      </div>
      ${markup && html`<${InlineKeyboard} message=${items.at(-1)} />`}
    </article>
  `;
};

const isService = (message) => Boolean(message.pinned_message || message.web_app_data);
const isSameRun = (one, other) =>
  one && other && !isService(one) && !isService(other) && one.from.id === other.from.id && Math.abs(one.date - other.date) < GROUPED_WITHIN_S;
const dayOf = (message) => new Date(message.date * 1000).toDateString();

/** Put the photos of an album into one group; every other message is a group of its own. */
const grouped = (messages) => {
  const groups = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (message.media_group_id && last?.[0].media_group_id === message.media_group_id) last.push(message);
    else groups.push([message]);
  }
  return groups;
};

const rows = (messages) => {
  const groups = grouped(messages);
  return groups.flatMap((items, index) => {
    const [message] = items;
    const before = groups[index - 1]?.[0];
    const after = groups[index + 1]?.[0];
    const newDay = !before || dayOf(before) !== dayOf(message);
    const separator = newDay ? [html`<div class="day" key=${dayOf(message)}><span>${dayName(new Date(message.date * 1000))}</span></div>`] : [];
    if (isService(message)) return [...separator, html`<${Service} key=${message.message_id} message=${message} />`];
    const isFirst = newDay || !isSameRun(before, message);
    const isLast = !isSameRun(message, after);
    return [...separator, html`<${Bubble} key=${message.message_id} items=${items} isFirst=${isFirst} isLast=${isLast} />`];
  });
};

const Empty = () => {
  const about = profile();
  return html`
    <div class="empty">
      <strong>${chat().title ?? about?.name}</strong>
      <p>${(chat().type === "private" && about?.description) || words().empty}</p>
      <p class="fine">${words().sandbox}</p>
    </div>
  `;
};

/** The scrolling list; it follows new messages unless the reader has scrolled up. */
export const Log = () => {
  const list = useRef(null);
  const isFollowing = useRef(true);
  const lastTop = useRef(0);
  const lastHeight = useRef(0);
  const [missed, setMissed] = useState(0);
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  const all = [...chat().messages.values()];
  const newest = all.at(-1)?.message_id;
  const visible = all.slice(-shown);

  const setFollowing = (isOn) => {
    isFollowing.current = isOn;
    // the browser moves the view when the oldest messages leave the list; that is for who reads, not for who follows
    list.current.style.overflowAnchor = isOn ? "none" : "auto";
  };
  const toBottom = () => {
    list.current.scrollTo({ top: list.current.scrollHeight });
    lastTop.current = list.current.scrollTop;
  };
  const noticeMove = () => {
    const { scrollHeight, scrollTop, clientHeight } = list.current;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    // content that grows, as photos do, moves nobody up; nor does a window that grows, as when the composer is emptied
    const movedUp = scrollTop < lastTop.current && clientHeight === lastHeight.current;
    lastTop.current = scrollTop;
    lastHeight.current = clientHeight;
    if (isNear || movedUp) setFollowing(isNear);
    return isNear;
  };
  const keepUp = () => {
    noticeMove(); // the scroll event comes with the next frame, a message may come before it
    if (isFollowing.current) toBottom();
    return isFollowing.current;
  };
  const follow = () => {
    setFollowing(true);
    setMissed(0);
    toBottom();
  };
  useLayoutEffect(() => {
    setShown(SHOWN_AT_ONCE);
    follow();
  }, [state.chatId]);
  useLayoutEffect(() => {
    if (all.at(-1)?.from.id === state.actorId) follow();
    else if (!keepUp()) setMissed((count) => count + 1);
  }, [newest]);
  useLayoutEffect(() => {
    keepUp();
  });
  useEffect(() => {
    const observer = new ResizeObserver(keepUp);
    observer.observe(list.current);
    observer.observe(list.current.firstElementChild);
    return () => observer.disconnect();
  }, []);
  const onScroll = () => {
    if (noticeMove() && missed) setMissed(0);
  };
  return html`
    <div class="log-frame">
      <div class="log" ref=${list} onScroll=${onScroll} role="log" aria-live="polite" aria-relevant="additions text" tabindex="0" aria-label=${words().chats}>
        <div class="log-inner">
          ${all.length > shown && html`<button type="button" class="link earlier" onClick=${() => setShown(shown + SHOWN_AT_ONCE)}>${words().earlier}</button>`}
          ${all.length ? rows(visible) : html`<${Empty} />`}
        </div>
      </div>
      ${missed > 0 && html`<button type="button" class="to-bottom" aria-label=${words().down} onClick=${follow}><${Icon} name="down" /><span>${missed}</span></button>`}
    </div>
  `;
};
