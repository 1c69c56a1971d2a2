// Telegram's side of the page: theme, buttons, haptics. In a plain browser each of these does nothing or its equivalent.

import { useEffect } from "../vendor/preact.module.js";
import { state, update } from "./store.js";

const app = window.Telegram?.WebApp;

/** Whether Telegram, or something that speaks for it, opened this page. */
export const isTelegram = Boolean(app?.initData);
export const initData = app?.initData ?? "";
export const startParam = app?.initDataUnsafe?.start_param ?? "";
export const telegramLanguage = app?.initDataUnsafe?.user?.language_code;

const since = (version) => isTelegram && app.isVersionAtLeast(version);

/** Show the theme in force: the one chosen, else Telegram's, else the system's. */
export const applyTheme = () => {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const automatic = isTelegram ? app.colorScheme : system;
  const theme = state.theme === "auto" ? automatic : state.theme;
  const root = document.documentElement;
  root.dataset.theme = theme;
  root.dataset.colours = isTelegram && state.theme === "auto" ? "telegram" : "own";
  if (since("6.1")) {
    const ground = getComputedStyle(root).getPropertyValue("--ground").trim();
    app.setHeaderColor(/^#[0-9a-f]{6}$/i.test(ground) ? ground : "secondary_bg_color");
    app.setBackgroundColor(/^#[0-9a-f]{6}$/i.test(ground) ? ground : "secondary_bg_color");
  }
  dispatchEvent(new Event("themechange"));
};

/** Choose a theme: "auto", "light" or "dark". */
export const chooseTheme = (theme) => {
  localStorage.setItem("theme", theme);
  update({ theme });
  applyTheme();
};

/** Tell Telegram that the page stands. */
export const ready = () => {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
  applyTheme();
  if (!isTelegram) return;
  app.onEvent("themeChanged", applyTheme);
  app.ready();
  app.expand();
  if (since("7.7")) app.disableVerticalSwipes();
};

/** Let the phone answer: "light" for a press, "success" and "error" for results, "selection" for a change. */
export const haptic = (kind) => {
  if (!since("6.1")) return;
  if (kind === "selection") app.HapticFeedback.selectionChanged();
  else if (kind === "light") app.HapticFeedback.impactOccurred("light");
  else app.HapticFeedback.notificationOccurred(kind);
};

let ways = [];

const drawBackButton = () => (ways.length ? app.BackButton.show() : app.BackButton.hide());

if (since("6.1")) app.BackButton.onClick(() => ways[ways.length - 1]?.onBack());

/** Show Telegram's back button while a component stands, and do this when it is pressed; the newest component wins. */
export const useBackButton = (onBack, isShown = true) => {
  useEffect(() => {
    if (!since("6.1") || !isShown) return undefined;
    const way = { onBack };
    ways = [...ways, way];
    drawBackButton();
    return () => {
      ways = ways.filter((other) => other !== way);
      drawBackButton();
    };
  }, [onBack, isShown]);
};

let owners = [];

const drawMainButton = () => {
  const owner = owners[owners.length - 1];
  if (!owner) {
    app.MainButton.hide();
    return;
  }
  if (owner.isBusy) app.MainButton.showProgress(true);
  else app.MainButton.hideProgress(); // which enables it, so that what follows has the last word
  app.MainButton.setParams({ text: owner.text, is_active: owner.isEnabled, is_visible: true, ...(owner.color && { color: owner.color, text_color: "#ffffff" }) });
};

if (isTelegram) app.MainButton.onClick(() => owners[owners.length - 1]?.onPress());

/**
 * Make Telegram's main button the primary action while a component stands; the newest component wins.
 * Returns whether Telegram shows it, so that a plain browser gets a button of the page's own.
 */
export const useMainButton = ({ text, onPress, isEnabled = true, isBusy = false, color = null, isShown = true }) => {
  useEffect(() => {
    if (!isTelegram || !isShown) return undefined;
    const owner = { text, onPress, isEnabled, isBusy, color };
    owners = [...owners, owner];
    drawMainButton();
    return () => {
      owners = owners.filter((other) => other !== owner);
      drawMainButton();
    };
  }, [text, onPress, isEnabled, isBusy, color, isShown]);
  return isTelegram;
};

/** Ask before the page is closed, while something unsent is open. */
export const guardClosing = (isOn) => {
  if (!since("6.2")) return;
  if (isOn) app.enableClosingConfirmation();
  else app.disableClosingConfirmation();
};
