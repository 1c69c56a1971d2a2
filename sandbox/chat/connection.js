// The two ways to the server: a WebSocket that tells everything that happens, and POSTs that act as a person.

const KEY_NAME = "elcaro-sandbox-key";
const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 8000;

/** Return the secret of this run: from the address, else the one this browser saw last. */
export function readKey() {
  const fromAddress = new URLSearchParams(location.hash.slice(1)).get("key");
  if (fromAddress) localStorage.setItem(KEY_NAME, fromAddress);
  return fromAddress ?? localStorage.getItem(KEY_NAME) ?? "";
}

/** Return the address of a file that a message carries. */
export const fileUrl = (fileId) => `/chat-file/${encodeURIComponent(fileId)}?secret=${encodeURIComponent(readKey())}`;

/** Carry out one action and return its result; a refusal becomes an Error with the server's sentence. */
export async function act(action, fields) {
  const response = await fetch(`/control/telegram/${action}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Sandbox-Secret": readKey() },
    body: JSON.stringify(fields),
  });
  const body = await response.json();
  if (!body.ok) throw new Error(body.description.replace(/^[A-Z][\w ]*: /, ""));
  return body.result;
}

/** Return the log of Bot API calls so far. */
export async function readCalls() {
  const response = await fetch("/control/telegram/calls", { headers: { "X-Sandbox-Secret": readKey() } });
  return (await response.json()).result ?? [];
}

/**
 * Stay connected, whatever happens: every event goes to `onEvent`, every change of the line to `onLink`
 * ("live", "lost" or "refused").
 */
export function connect(onEvent, onLink) {
  let wait = FIRST_RETRY_MS;
  const open = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live?secret=${encodeURIComponent(readKey())}`);
    let isRefused = false;
    socket.onmessage = (message) => {
      const event = JSON.parse(message.data);
      if (event.event === "refused") {
        isRefused = true;
        onLink("refused");
        return;
      }
      wait = FIRST_RETRY_MS;
      onEvent(event);
      if (event.event === "snapshot") onLink("live");
    };
    socket.onclose = () => {
      if (isRefused) return;
      onLink("lost");
      setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    };
  };
  open();
  window.addEventListener("hashchange", () => location.reload());
}
