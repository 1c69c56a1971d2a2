// Line icons, drawn for this page; always beside or inside something that has a name.

import { html } from "/chat/vendor/preact.module.js";

const PATHS = {
  back: "M15 5l-7 7 7 7",
  check: "M5 13l4 4 10-11",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v10H9zM5 15V5h10",
  down: "M6 9l6 6 6-6",
  edit: "M4 20l1-5L16 4l4 4L9 19z",
  external: "M14 5h5v5M19 5l-9 9M11 5H5v14h14v-6",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  grid: "M5 6h14M5 12h14M5 18h14",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M7 14h10",
  menu: "M12 5h.01M12 12h.01M12 19h.01",
  moon: "M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z",
  muted: "M9 18a3 3 0 0 0 6 0M6 17h12l-2-3v-4a4 4 0 0 0-6-3.500M8 10v4l-2 3M4 4l16 16",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  refresh: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
  reply: "M10 7L4 12l6 5v-3c5 0 8 1 10 4 0-6-4-9-10-9z",
  send: "M4 12l16-8-6 16-3-6z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.500 1.500M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  block: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6.500 6.500l11 11",
  tools: "M4 7h10M18 7h2M4 17h2M10 17h10M14 4v6M6 14v6",
  app: "M4 5h16v14H4zM4 10h16",
};

/** Return an icon by name; it is hidden from screen readers, so its button carries the label. */
export const Icon = ({ name, size = 20 }) => html`
  <svg class=${`icon is-${name}`} width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>
`;
