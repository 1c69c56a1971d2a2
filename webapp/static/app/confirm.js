// From a preview to its result: shown exactly, confirmed once, sent under one key however often the network fails.

import { html, useEffect, useRef, useState } from "../vendor/preact.module.js";
import { ApiError, ask, get, newKey, post } from "./api.js";
import { errorText, t } from "./i18n.js";
import { tellResults } from "./results.js";
import { openSheet, showToast } from "./store.js";
import { haptic, useMainButton } from "./telegram.js";
import { Button, Problem, Sheet } from "./ui.js";

const DANGER = "#c42b21";
const BUY = "#12703a";
const POLL_MS = 2000;
const POLLS = 90;
const PREVIEW_AGAIN = new Set(["confirm_expired", "confirm_unknown", "confirm_used", "price_moved"]);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Preview a deed and, if the person confirms, do it.
 *
 * `path` is the deed's route, `body` what its preview is asked for, `view` draws the preview, `title`, `label`,
 * `isDangerous` and `kind` dress the dialog, `first` is a preview that is there already. `onDone` gets the results,
 * `onShown` hears that the preview stands, `onRefused` gets the error of a preview that was refused.
 */
export const confirmDeed = async ({ path, body, view, title, label, isDangerous = false, kind = null, first = null, onDone = () => {}, onShown = () => {}, onRefused = sayRefused }) => {
  let preview = first;
  try {
    preview ??= await post(`${path}/preview`, body);
  } catch (error) {
    haptic("error");
    onRefused(error);
    return;
  }
  onShown();
  openSheet(({ close }) => html`<${Confirmation} ...${{ path, body, view, title, label, isDangerous, kind, preview, onDone, close }} />`);
};

const sayRefused = (error) => showToast(errorText(error), "bad");

const Confirmation = ({ path, body, view, title, label, isDangerous, kind, preview, onDone, close }) => {
  const [shown, setShown] = useState(preview);
  const [phase, setPhase] = useState("asking");
  const [error, setError] = useState(null);
  const [left, setLeft] = useState(60);
  const key = useRef(newKey());

  useEffect(() => {
    const look = () => setLeft(Math.max(0, Math.round((new Date(shown.expires_at) - Date.now()) / 1000)));
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [shown]);

  const again = async () => {
    setPhase("previewing");
    try {
      setShown(await post(`${path}/preview`, body));
      key.current = newKey();
      setError(null);
    } catch (problem) {
      setError(problem);
    }
    setPhase("asking");
  };

  const send = async () => {
    if (phase !== "asking") return;
    setPhase("sending");
    haptic("light");
    try {
      const results = await sendOnce(path, shown.confirm, key.current, () => setPhase("checking"));
      close();
      tellResults(results);
      onDone(results);
    } catch (problem) {
      haptic("error");
      setError(problem);
      setPhase("asking");
    }
  };

  const mustLookAgain = left === 0 || (error && PREVIEW_AGAIN.has(error.code));
  const main = {
    text: mustLookAgain ? t("confirm.again") : label(shown),
    onPress: mustLookAgain ? again : send,
    isBusy: phase !== "asking",
    color: mustLookAgain ? null : isDangerous ? DANGER : kind === "buy" ? BUY : null,
  };
  const isTelegrams = useMainButton(main);
  const footer = html`
    <p class="note" role="status">
      ${phase === "checking" ? t("confirm.checking") : phase === "sending" ? t("confirm.sending") : left ? t("confirm.validFor", { seconds: left }) : t("confirm.expired")}
    </p>
    ${!isTelegrams &&
    html`<${Button} kind=${mustLookAgain ? "primary" : (kind ?? (isDangerous ? "danger" : "primary"))} isBusy=${main.isBusy} onClick=${main.onPress} data-role="confirm">${main.text}<//>`}
  `;
  return html`
    <${Sheet} title=${title} close=${close} footer=${footer}>
      ${view(shown)} ${error && html`<${Problem} error=${error} />`}
    <//>
  `;
};

/** Send a confirmation until somebody answers: the same key asks for the same thing, so this never does it twice. */
const sendOnce = async (path, token, key, onUncertain) => {
  let answer = null;
  for (let tries = 0; answer === null; tries += 1) {
    try {
      answer = await ask("POST", path, { body: { confirm: token }, headers: { "Idempotency-Key": key } });
    } catch (error) {
      if (tries >= 20) throw error;
      onUncertain();
      await pause(Math.min(500 * 2 ** tries, 5000));
    }
  }
  if (answer.success === null) return wait(key, answer.data.results, onUncertain);
  if (answer.data?.results) return answer.data.results;
  throw new ApiError({ ...answer.error, number: answer.status >= 500 ? answer.number : "" }, answer.status);
};

/** Ask what became of a request whose outcome nobody knows yet. */
const wait = async (key, parts, onUncertain) => {
  onUncertain();
  for (let polls = 0; polls < POLLS; polls += 1) {
    await pause(POLL_MS);
    const { results } = await get(`/api/trading/requests/${key}`).catch(() => ({ results: [] }));
    if (results.length && results.every((result) => result.outcome !== "unknown")) return parts.map((part) => settled(part, results));
  }
  return parts;
};

/** Return a part with what its order turned out to be; what never became an order stays as it was told. */
const settled = (part, results) => {
  const result = results.find((one) => part.success === null && one.reference === part.result?.reference);
  return result ? { ...part, result, success: result.success, error: errorOf(result) } : part;
};

const errorOf = (result) => (result.success ? null : { kind: "rejected", code: result.error_code, message: result.error_message, fields: {} });
