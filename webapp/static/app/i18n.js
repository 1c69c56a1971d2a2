// Words in the person's language. Every language has the same keys; a test holds the files together.

import { exact } from "./format.js";
import { state, update } from "./store.js";

export const LANGUAGES = { en: "English", ru: "Русский", uk: "Українська" };
const LOCALES = { en: "en-GB", ru: "ru-RU", uk: "uk-UA" };
const catalogues = {};

/** Return the language that fits a code such as "uk-UA"; English where none does. */
export const languageOf = (code) => {
  const short = (code ?? "").slice(0, 2).toLowerCase();
  return short in LANGUAGES ? short : "en";
};

export const locale = () => LOCALES[state.language];

/** Load a language and draw the page in it. */
export const setLanguage = async (code) => {
  const language = languageOf(code);
  if (!(language in catalogues)) {
    const answer = await fetch(new URL(`../i18n/${language}.json`, import.meta.url));
    catalogues[language] = await answer.json();
  }
  document.documentElement.lang = language;
  update({ language });
};

const fill = (sentence, fields) =>
  fields ? sentence.replace(/\{(\w+)\}/g, (_, name) => String(fields[name] ?? "—")) : sentence;

/** Return a sentence; `fields` fill its places, and `fields.count` picks the plural form. */
export const t = (key, fields) => {
  const found = catalogues[state.language]?.[key];
  if (found === undefined) return key;
  if (typeof found === "string") return fill(found, fields);
  const form = new Intl.PluralRules(locale()).select(Number(fields?.count ?? 0));
  return fill(found[form] ?? found.other, fields);
};

/** Whether a sentence exists. */
export const has = (key) => catalogues[state.language]?.[key] !== undefined;

/** What a venue refuses without a figure is said without one. */
const keyOf = (error) => {
  const key = `error.${error?.code}`;
  return has(`${key}.bare`) && error.fields?.minimum === undefined ? `${key}.bare` : key;
};

const AS_TYPED = new Set(["text", "word", "readings"]);

/** Write an error's figures as every other number on the page; what somebody typed stays as it was. */
const readable = (fields = {}) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, !AS_TYPED.has(name) && /^-?\d+(\.\d+)?$/.test(value) ? exact(value) : value]));

/** Return what an error means, for people. */
export const errorText = (error) => {
  const key = keyOf(error);
  const sentence = has(key) ? t(key, readable(error.fields)) : t("error.other", { message: error?.message ?? "" });
  return error?.number ? `${sentence} (${error.number})` : sentence;
};
