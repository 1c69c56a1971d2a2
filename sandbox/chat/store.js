// What the page knows, and what a person can do with it. Views read `state` and call these functions.

import { useEffect, useReducer } from "/chat/vendor/preact.module.js";
import { act, connect } from "/chat/connection.js";
import { labels } from "/chat/labels.js";

const TYPING_MS = 5500;
const ANSWER_MS = 30000;
const TOAST_MS = 3200;
const KEPT_CALLS = 300;

/** The message that a chat wants an answer to, if any. */
const forcedReply = (target) => (target?.keyboard?.force_reply ? target.keyboard.message_id : null);

const listeners = new Set();
const pressedHere = new Set();
const remembered = (name, fallback) => localStorage.getItem(`elcaro-sandbox-${name}`) ?? fallback;
const remember = (name, value) => localStorage.setItem(`elcaro-sandbox-${name}`, value);
const prefersDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

const startPayload = new URLSearchParams(location.search).get("start");

export const state = {
  link: "connecting",
  bot: null,
  people: new Map(),
  chats: new Map(),
  profiles: new Map(),
  actorId: startPayload === null ? Number(sessionStorage.getItem("actor")) || null : null, // a deep link is the owner's
  chatId: null,
  isListOpen: false,
  theme: remembered("theme", prefersDark() ? "dark" : "light"),
  startPayload,
  replyTo: null,
  editing: null,
  isKeyboardHidden: false,
  typing: new Map(),
  waiting: new Map(),
  unread: new Map(),
  toast: null,
  dialog: null,
  app: null,
  isToolsOpen: false,
  calls: [],
};

/** Change the state and draw again. */
export function update(changes) {
  Object.assign(state, changes);
  for (const listener of listeners) listener();
}

/** Draw the calling component again whenever the state changes. */
export function useStore() {
  const [, draw] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    listeners.add(draw);
    draw();
    return () => listeners.delete(draw);
  }, []);
  return state;
}

// What is shown

export const actor = () => state.people.get(state.actorId);
export const words = () => labels(actor()?.language_code);
export const chat = () => state.chats.get(state.chatId);
export const profile = () => state.profiles.get(state.chatId);
export const botName = () => state.profiles.get(state.actorId)?.name ?? state.bot?.first_name ?? "";
export const chatTitle = (shown) => shown.title ?? botName();
export const visibleChats = () => [...state.chats.values()].filter((each) => each.members.includes(state.actorId));
const busyKey = (messageId, data) => `${messageId}:${data}`;

/** Tell whether a button was pressed and has no answer yet. */
export const isBusy = (message, button) => {
  const key = busyKey(message.message_id, button.callback_data);
  return pressedHere.has(key) || [...state.waiting.values()].includes(key);
};

/** Tell whether the person still has to press Start before they can write. */
export const needsStart = () => {
  const shown = chat();
  const isNew = shown?.type === "private" && ![...shown.messages.values()].some((each) => each.from.id === state.actorId);
  return Boolean(shown) && (isNew || (state.startPayload !== null && shown.type === "private"));
};

// What the server tells

const EVENTS = {
  snapshot(event) {
    const people = new Map(event.people.map((person) => [person.id, person]));
    const chats = new Map(
      event.chats.map((each) => [each.id, { ...each, messages: new Map(each.messages.map((m) => [m.message_id, m])) }]),
    );
    const actorId = people.has(state.actorId) ? state.actorId : event.people[0].id;
    const chatId = chats.has(state.chatId) ? state.chatId : actorId;
    const replyTo = state.replyTo ?? forcedReply(chats.get(chatId));
    update({ people, chats, actorId, chatId, replyTo, waiting: new Map() });
    EVENTS.profile(event);
  },
  profile(event) {
    update({ bot: event.bot, profiles: new Map(event.profiles.map((each) => [each.chat_id, each])) });
  },
  message({ chat_id: chatId, message }) {
    const target = state.chats.get(chatId);
    const isNew = !target.messages.has(message.message_id);
    target.messages.set(message.message_id, message);
    if (isNew && message.from.is_bot) {
      state.typing.delete(chatId);
      if (chatId !== state.chatId) state.unread.set(chatId, (state.unread.get(chatId) ?? 0) + 1);
    }
    update({});
  },
  deleted({ chat_id: chatId, message_id: messageId }) {
    state.chats.get(chatId).messages.delete(messageId);
    if (state.editing === messageId) state.editing = null;
    if (state.replyTo === messageId) state.replyTo = null;
    update({});
  },
  pinned({ chat_id: chatId, pinned }) {
    state.chats.get(chatId).pinned = pinned;
    update({});
  },
  keyboard({ chat_id: chatId, keyboard }) {
    const target = state.chats.get(chatId);
    target.keyboard = keyboard;
    update({ isKeyboardHidden: false, replyTo: chatId === state.chatId ? forcedReply(target) ?? state.replyTo : state.replyTo });
  },
  action({ chat_id: chatId }) {
    state.typing.set(chatId, Date.now() + TYPING_MS);
    setTimeout(() => update({}), TYPING_MS + 50);
    update({});
  },
  pressed({ query_id: queryId, message_id: messageId, data }) {
    const key = busyKey(messageId, data);
    if (!pressedHere.delete(key)) return; // somebody else's press: its answer is shown where it was made
    state.waiting.set(queryId, key);
    setTimeout(() => state.waiting.delete(queryId) && showToast(words().answerLate), ANSWER_MS);
    update({});
  },
  answer({ query_id: queryId, text, is_alert: isAlert, url }) {
    if (!state.waiting.delete(queryId)) return;
    update({});
    if (url) openUrl(url);
    else if (text && isAlert) update({ dialog: { kind: "alert", text } });
    else if (text) showToast(text);
  },
  user({ user }) {
    state.people.set(user.id, user);
    update({});
  },
  blocked({ chat_id: chatId, is_blocked: isBlocked }) {
    state.chats.get(chatId).is_blocked = isBlocked;
    update({});
  },
  left({ chat_id: chatId }) {
    const target = state.chats.get(chatId);
    target.members = target.members.filter((member) => member !== state.bot.id);
    update({});
  },
  call({ call }) {
    if (state.isToolsOpen) update({ calls: [...state.calls, call].slice(-KEPT_CALLS) });
  },
};

/** Connect to the server; everything it tells ends up in `state`. */
export function start() {
  setTheme(state.theme);
  connect(
    (event) => EVENTS[event.event]?.(event),
    (link) => update({ link }),
  );
}

// What a person does

const tell = async (action, fields) => {
  try {
    return await act(action, { user_id: state.actorId, ...fields });
  } catch (error) {
    showToast(error.message);
    return null;
  }
};

export function showToast(text) {
  const toast = { text };
  update({ toast });
  setTimeout(() => state.toast === toast && update({ toast: null }), TOAST_MS);
}

export async function sendText(text) {
  const { chatId, replyTo, editing } = state;
  const oneTime = chat().keyboard?.one_time_keyboard;
  update({ replyTo: null, editing: null, startPayload: null, isKeyboardHidden: Boolean(oneTime) || state.isKeyboardHidden });
  if (editing !== null) await tell("edit", { chat_id: chatId, message_id: editing, text });
  else await tell("send", { chat_id: chatId, text, ...(replyTo === null ? {} : { reply_to: replyTo }) });
}

export async function pressStart() {
  const text = state.startPayload ? `/start ${state.startPayload}` : "/start";
  history.replaceState(null, "", location.pathname + location.hash); // a reload must not ask again
  await sendText(text);
}

export async function press(message, data) {
  const key = busyKey(message.message_id, data);
  if (pressedHere.has(key) || [...state.waiting.values()].includes(key)) return;
  pressedHere.add(key);
  update({});
  const done = await tell("press", { chat_id: message.chat.id, message_id: message.message_id, data });
  if (done === null) pressedHere.delete(key);
  update({});
}

export const removeMessage = (message) => tell("delete", { chat_id: message.chat.id, message_id: message.message_id });
export const setBlocked = (blocked) => tell("block", { blocked });
export const setLanguage = (language) => tell("language", { language_code: language });
export const sendAppData = (button, data) => tell("web_app_data", { button_text: button, data });

export function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const bar = getComputedStyle(document.documentElement).getPropertyValue("--header").trim();
  document.querySelector("meta[name=theme-color]").content = bar;
  remember("theme", theme);
  update({ theme });
}

export function setActor(actorId) {
  sessionStorage.setItem("actor", String(actorId));
  state.unread.delete(actorId);
  update({ actorId, chatId: actorId, replyTo: forcedReply(state.chats.get(actorId)), editing: null, app: null });
}

export function openChat(chatId) {
  state.unread.delete(chatId);
  update({ chatId, isListOpen: false, replyTo: forcedReply(state.chats.get(chatId)), editing: null });
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    showToast(words().copied);
  } catch {
    update({ dialog: { kind: "alert", text } });
  }
}

/** Follow a link: a deep link to this bot becomes its Start button, everything else is asked about. */
export function openUrl(url) {
  const link = new URL(url, location.href);
  const isOurBot = /^(t|telegram)\.me$/.test(link.hostname) && link.pathname.slice(1).toLowerCase() === state.bot.username;
  if (isOurBot) update({ chatId: state.actorId, startPayload: link.searchParams.get("start") ?? "" });
  else update({ dialog: { kind: "link", url } });
}

/** Open a Mini App with launch data signed for the person; `keyboardButton` is set where it may send data back. */
export async function openApp({ url, title, keyboardButton = null }) {
  const opened = await tell("open_web_app", {});
  if (opened !== null) update({ app: { url, title, keyboardButton, initData: opened.init_data } });
}
