// What a screen asks the server for once, and again when it changed or failed.

import { html, useEffect, useState } from "../vendor/preact.module.js";
import { get } from "./api.js";
import { t } from "./i18n.js";
import { Button, Loading, Problem } from "./ui.js";

const NOTHING = { data: null, error: null };

/** Ask whenever one of the values changes, and on `reload`, which keeps what is shown until the new answer is there. */
export const useAnswer = (path, values = {}) => {
  const [answer, setAnswer] = useState(NOTHING);
  const [round, setRound] = useState(0);
  const about = JSON.stringify([path, values]);
  useEffect(() => setAnswer(NOTHING), [about]);
  useEffect(() => {
    let isCurrent = true;
    get(path, values)
      .then((data) => isCurrent && setAnswer({ data, error: null }))
      .catch((error) => isCurrent && setAnswer((before) => ({ ...before, error })));
    return () => {
      isCurrent = false;
    };
  }, [about, round]);
  return { ...answer, reload: () => setRound((n) => n + 1) };
};

/** What stands where an answer is still missing; nothing once it is there. */
export const Missing = ({ answer }) => {
  if (answer.error) return html`<${Problem} error=${answer.error}><${Button} onClick=${answer.reload}>${t("common.retry")}<//><//>`;
  return answer.data === null ? html`<${Loading} />` : null;
};
