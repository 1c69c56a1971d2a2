// Words in the person's language. Every language has the same keys; a test holds the files together.

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

/** Return what an error means, for people. */
export const errorText = (error) => {
  const key = `error.${error?.code}`;
  const sentence = has(key) ? t(key, error.fields) : t("error.other", { message: error?.message ?? "" });
  return error?.number ? `${sentence} (${error.number})` : sentence;
};
