// Small pictures in strokes, drawn in the colour of the text beside them.

import { html } from "../vendor/preact.module.js";

const PATHS = {
  positions: "M4 19V9m5.3 10V5m5.4 14v-8M20 19V7",
  trade: "M7 4v3m0 9v4M5 7h4v9H5zM17 4v5m0 7v4M15 9h4v7h-4z",
  orders: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  history: "M3 12a9 9 0 1 0 3-6.7L3 8m0-5v5h5m4-1v5l3.5 2",
  more: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  chevron: "M9 6l6 6-6 6",
  down: "M6 9l6 6 6-6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm9 16l-4-4",
  key: "M15 4a5 5 0 1 0-3.6 8.5L4 20v0h3v-2h2v-2h2l1.6-1.6A5 5 0 0 0 15 4zm1 4h.01",
  bell: "M6 10a6 6 0 1 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7zm4 10h4",
  settings: "M4 7h10m4 0h2M4 17h4m4 0h8M16 5v4M10 15v4",
  warning: "M12 4L3 19h18L12 4zm0 6v4m0 2.5h.01",
  offline: "M3 3l18 18M8.5 14.5a5 5 0 0 1 5-1.2M5 11a10 10 0 0 1 4-2.3m4.6-.2A10 10 0 0 1 19 11M12 18.5h.01",
  pen: "M4 20l1-5L16 4l4 4L9 19l-5 1zm9-13l4 4",
  pause: "M8 5v14M16 5v14",
  check: "M5 12.5l4.5 4.5L19 7",
  plus: "M12 5v14M5 12h14",
  trash: "M5 7h14M10 7V4h4v3m-7 0l1 13h8l1-13",
  up: "M12 19V5m-6 6l6-6 6 6",
  grip: "M9 7h.01M9 12h.01M9 17h.01M15 7h.01M15 12h.01M15 17h.01",
};

export const Icon = ({ name, size = 22 }) => html`
  <svg class="icon" viewBox="0 0 24 24" width=${size} height=${size} aria-hidden="true"><path d=${PATHS[name]} /></svg>
`;
