// The host of a Mini App: an iframe with signed launch data, and the answers a Telegram client gives it.
// https://core.telegram.org/bots/webapps and https://docs.telegram-mini-apps.com/platform/methods

import { html, useEffect, useRef, useState } from "/chat/vendor/preact.module.js";
import { Modal } from "/chat/dialogs.js";
import { Icon } from "/chat/icons.js";
import { openUrl, sendAppData, showToast, state, update, words } from "/chat/store.js";

const VERSION = "8.0";
const LOAD_MS = 8000;
const INSETS = { top: 0, bottom: 0, left: 0, right: 0 };
const THEME_COLORS = {
  bg_color: "--panel",
  text_color: "--text",
  hint_color: "--hint",
  link_color: "--accent-text",
  button_color: "--accent",
  button_text_color: "--on-accent",
  secondary_bg_color: "--backdrop",
  header_bg_color: "--panel",
  bottom_bar_bg_color: "--panel",
  accent_text_color: "--accent-text",
  section_bg_color: "--panel",
  section_header_text_color: "--accent-text",
  section_separator_color: "--line",
  subtitle_text_color: "--hint",
  destructive_text_color: "--danger-text",
};

/** Return the page's colours under Telegram's names. */
const themeParams = () => {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(Object.entries(THEME_COLORS).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()]));
};

const launchUrl = ({ url, initData }) => {
  const launch = new URLSearchParams({
    tgWebAppData: initData,
    tgWebAppVersion: VERSION,
    tgWebAppPlatform: "web",
    tgWebAppThemeParams: JSON.stringify(themeParams()),
  });
  return `${url}${url.includes("#") ? "&" : "#"}${launch}`;
};

const HIDDEN_BUTTON = { is_visible: false, is_active: true, is_progress_visible: false, text: "" };
const HIDDEN = { main: HIDDEN_BUTTON, secondary: HIDDEN_BUTTON, hasBack: false, mustConfirm: false, popup: null, isReady: false };

/**
 * What the app may ask for, by event. Each gets the event's data and a host with `send` (an event to the app), `set`
 * (a change of what the host shows), `frame` and `close`. Events that are not here are those a web client ignores too.
 */
const REQUESTS = {
  iframe_ready: (data, host) => host.set({ isReady: true }),
  web_app_ready: (data, host) => host.set({ isReady: true }),
  web_app_expand: (data, host) => host.sendViewport(),
  web_app_request_viewport: (data, host) => host.sendViewport(),
  web_app_request_theme: (data, host) => host.send("theme_changed", { theme_params: themeParams() }),
  web_app_request_safe_area: (data, host) => host.send("safe_area_changed", INSETS),
  web_app_request_content_safe_area: (data, host) => host.send("content_safe_area_changed", INSETS),
  web_app_setup_main_button: (data, host) => host.set((shown) => ({ main: { ...shown.main, ...data } })),
  web_app_setup_secondary_button: (data, host) => host.set((shown) => ({ secondary: { ...shown.secondary, ...data } })),
  web_app_setup_back_button: (data, host) => host.set({ hasBack: Boolean(data?.is_visible) }),
  web_app_setup_closing_behavior: (data, host) => host.set({ mustConfirm: Boolean(data?.need_confirmation) }),
  web_app_open_popup: (data, host) => host.set({ popup: data }),
  web_app_trigger_haptic_feedback: () => navigator.vibrate?.(12),
  web_app_close: (data, host) => host.close(),
  web_app_open_link: (data) => openUrl(data.url),
  web_app_open_tg_link: (data, host) => {
    host.close();
    openUrl(`https://t.me${data.path_full}`);
  },
  web_app_data_send: (data, host) => {
    const button = state.app.keyboardButton;
    host.close();
    if (button !== null) sendAppData(button, data.data);
  },
  web_app_set_header_color: (data, host) => host.set({ headerColor: data.color ?? themeParams()[data.color_key] }),
  web_app_set_background_color: (data, host) => host.set({ backgroundColor: data.color }),
  web_app_set_bottom_bar_color: (data, host) => host.set({ bottomColor: data.color }),
  web_app_request_write_access: (data, host) => host.send("write_access_requested", { status: "allowed" }),
  web_app_request_phone: (data, host) => host.send("phone_requested", { status: "cancelled" }),
  web_app_read_text_from_clipboard: (data, host) => host.send("clipboard_text_received", { req_id: data.req_id, data: null }),
  web_app_invoke_custom_method: (data, host) => host.send("custom_method_invoked", { req_id: data.req_id, error: "UNSUPPORTED" }),
  web_app_biometry_get_info: (data, host) => host.send("biometry_info_received", { available: false }),
  web_app_request_fullscreen: (data, host) => host.send("fullscreen_failed", { error: "UNSUPPORTED" }),
  web_app_check_home_screen: (data, host) => host.send("home_screen_checked", { status: "unsupported" }),
};

const POPUP_WORDS = { ok: () => words().ok, close: () => words().close, cancel: () => words().cancel };

const Popup = ({ popup, onPick }) => html`
  <${Modal} label=${popup.title || popup.message} className="alert" onClose=${() => onPick(undefined)}>
    ${popup.title && html`<p><strong>${popup.title}</strong></p>`}
    <p>${popup.message}</p>
    <div class="actions">
      ${popup.buttons.map(
        (button) => html`
          <button type="button" class="plain" data-style=${button.type === "destructive" ? "danger" : undefined} onClick=${() => onPick(button.id)}>
            ${POPUP_WORDS[button.type]?.() ?? button.text}
          </button>
        `,
      )}
    </div>
  <//>
`;

const BottomButton = ({ kind, button, onPress }) => {
  if (!button.is_visible) return null;
  const { button_color: filled, accent_text_color: readable } = themeParams();
  // The SDK writes a secondary button in the colour of filled ones, which is too dark for text on a dark ground.
  const textColor = kind === "secondary" && button.text_color === filled ? readable : button.text_color;
  return html`
    <button
      type="button"
      class="bottom-button"
      data-kind=${kind}
      data-position=${button.position}
      disabled=${!button.is_active || button.is_progress_visible}
      aria-busy=${button.is_progress_visible ? "true" : undefined}
      style=${{ background: button.color, color: textColor }}
      onClick=${onPress}
    >
      ${button.is_progress_visible ? html`<span class="spinner"></span>` : button.text}
    </button>
  `;
};

/** The running app with its frame. */
const Running = ({ app }) => {
  const frame = useRef(null);
  const [shown, setShown] = useState(HIDDEN);
  const [source] = useState(() => launchUrl(app));
  const isLoaded = useRef(false);
  const latest = useRef(shown);
  latest.current = shown;

  const send = (eventType, eventData = {}) => {
    if (!isLoaded.current) return; // before its first word the frame holds an empty page of another origin
    frame.current?.contentWindow.postMessage(JSON.stringify({ eventType, eventData }), new URL(app.url).origin);
  };
  const sendViewport = () => send("viewport_changed", { height: frame.current.clientHeight, width: frame.current.clientWidth, is_state_stable: true, is_expanded: true });
  const set = (change) => setShown((before) => ({ ...before, ...(typeof change === "function" ? change(before) : change) }));
  const close = () => update({ app: null });
  const tryClose = () => {
    if (!latest.current.mustConfirm) close();
    else set({ popup: { message: words().leave, buttons: [{ id: "\0leave", type: "destructive", text: words().close }, { id: "\0stay", type: "cancel" }] } });
  };
  const answerPopup = (id) => {
    set({ popup: null });
    if (id === "\0leave") close();
    else if (id !== "\0stay") send("popup_closed", id === undefined ? {} : { button_id: id });
  };

  useEffect(() => {
    const onMessage = (event) => {
      if (event.source !== frame.current?.contentWindow || typeof event.data !== "string") return;
      const { eventType, eventData } = JSON.parse(event.data);
      isLoaded.current = true;
      REQUESTS[eventType]?.(eventData || {}, { send, set, sendViewport, close });
    };
    const timer = setTimeout(() => latest.current.isReady || showToast(words().noApp), LOAD_MS);
    const resized = new ResizeObserver(sendViewport);
    addEventListener("message", onMessage);
    resized.observe(frame.current);
    return () => {
      clearTimeout(timer);
      resized.disconnect();
      removeEventListener("message", onMessage);
    };
  }, []);
  useEffect(() => send("theme_changed", { theme_params: themeParams() }), [state.theme]);

  const onLeft = shown.hasBack ? () => send("back_button_pressed") : tryClose;
  return html`
    <${Modal} label=${app.title} className="mini-app" onClose=${tryClose}>
      <header class="bar" style=${{ background: shown.headerColor }}>
        <button type="button" class="round" aria-label=${shown.hasBack ? words().back : words().close} onClick=${onLeft}>
          <${Icon} name=${shown.hasBack ? "back" : "close"} />
        </button>
        <h2>${app.title}<small>${words().bot}</small></h2>
        <button type="button" class="round" aria-label=${words().close} hidden=${!shown.hasBack} onClick=${tryClose}><${Icon} name="close" /></button>
      </header>
      <iframe ref=${frame} src=${source} title=${app.title} style=${{ background: shown.backgroundColor }} allow="clipboard-write"></iframe>
      <footer class="bottom-buttons" style=${{ background: shown.bottomColor }}>
        <${BottomButton} kind="secondary" button=${shown.secondary} onPress=${() => send("secondary_button_pressed")} />
        <${BottomButton} kind="main" button=${shown.main} onPress=${() => send("main_button_pressed")} />
      </footer>
      ${shown.popup && html`<${Popup} popup=${shown.popup} onPick=${answerPopup} />`}
    <//>
  `;
};

export const MiniApp = () => state.app && html`<${Running} key=${state.app.initData} app=${state.app} />`;
