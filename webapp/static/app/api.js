// Asking the server. The session's token stays in this tab and travels in a header; it never stands in an address.

import { state, update } from "./store.js";

const TOKEN = "session";
const LAUNCH = "launch";

export const hasSession = () => sessionStorage.getItem(TOKEN) !== null;

/** Keep a session, and what it came from: another launch may be another person's. */
export const keepSession = (token, launch = "") => {
  sessionStorage.setItem(TOKEN, token);
  sessionStorage.setItem(LAUNCH, proofOf(launch));
};

export const isLaunchOfSession = (launch) => sessionStorage.getItem(LAUNCH) === proofOf(launch);

export const dropSession = () => {
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(LAUNCH);
};

const proofOf = (launch) => new URLSearchParams(launch).get("hash") ?? "";

/** The server's refusal, or the news that it could not be asked (`code` "offline"). */
export class ApiError extends Error {
  constructor({ kind = "", code, message = "", fields = {}, number = "" }, status = 0) {
    super(message);
    Object.assign(this, { kind, code, fields, number, status });
  }
}

export const authorised = (headers = {}) => {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
};

/** Ask, and return the whole answer with its status. Throws only if nobody answered. */
export const ask = async (method, path, { body, headers = {}, signal } = {}) => {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: authorised(body === undefined ? headers : { ...headers, "Content-Type": "application/json" }),
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ code: "offline" });
  }
  const told = await answer.json().catch(() => ({ success: false, error: { code: "bad_answer" } }));
  if (answer.status === 401 && state.gate === null) {
    dropSession();
    update({ gate: "login", gateError: told.error });
  }
  return { ...told, status: answer.status, number: answer.headers.get("x-request-id") ?? "" };
};

/** Ask for data. Throws `ApiError` for every refusal. */
export const request = async (method, path, options) => {
  const told = await ask(method, path, options);
  if (told.success !== true) throw new ApiError({ ...told.error, number: told.status >= 500 ? told.number : "" }, told.status);
  return told.data;
};

const query = (values) => {
  const kept = Object.entries(values ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return kept.length ? `?${new URLSearchParams(kept)}` : "";
};

export const get = (path, values, options) => request("GET", path + query(values), options);
export const post = (path, body, options) => request("POST", path, { ...options, body: body ?? {} });
export const put = (path, body) => request("PUT", path, { body });
export const patch = (path, body) => request("PATCH", path, { body });
export const remove = (path) => request("DELETE", path);

/** Return a new idempotency key: it names one wish, however often it has to be sent. */
export const newKey = () => crypto.randomUUID();
