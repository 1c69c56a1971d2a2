// The grips of a chart's lines. A stop or target is moved with finger, mouse or arrow keys; nothing is sent before the
// preview is confirmed.

import { html, useEffect, useRef, useState } from "../vendor/preact.module.js";
import { money, price, priceText } from "./format.js";
import { t } from "./i18n.js";
import { haptic } from "./telegram.js";
import { canTrade } from "./ui.js";

const FOLLOW_MS = 80;
const KEY_STEP = 0.001;
const WORTH_SENDING = 1e-9;

export const Handles = ({ series, isAlive, lines, colourOf, instrument, position, onLevel }) => {
  const [moving, setMoving] = useState(null);
  const drawn = useRef(new Map());
  const box = useRef(null);

  useEffect(() => {
    const wanted = new Map(lines.map((line) => [line.kind, line]));
    if (moving) wanted.set(moving.kind, { style: 2, ...wanted.get(moving.kind), ...moving });
    for (const [kind, line] of drawn.current) {
      if (wanted.has(kind)) continue;
      series.removePriceLine(line);
      drawn.current.delete(kind);
    }
    for (const [kind, line] of wanted) {
      const options = { price: line.price, color: colourOf(kind), lineWidth: 1, lineStyle: line.style, axisLabelVisible: true, title: "" };
      if (drawn.current.has(kind)) drawn.current.get(kind).applyOptions(options);
      else drawn.current.set(kind, series.createPriceLine(options));
    }
  });
  useEffect(
    () => () => {
      if (!isAlive()) return;
      for (const line of drawn.current.values()) series.removePriceLine(line);
      drawn.current.clear();
    },
    [],
  );

  // The scale moves without saying so; the grips look where their prices are now.
  useEffect(() => {
    const place = () => {
      for (const grip of box.current?.querySelectorAll("[data-price]") ?? []) {
        const y = series.priceToCoordinate(Number(grip.dataset.price));
        const isIn = y !== null && y > 0 && y < box.current.clientHeight;
        grip.style.transform = `translateY(${isIn ? y : 0}px)`;
        grip.classList.toggle("is-out", !isIn);
      }
    };
    place();
    const timer = setInterval(place, FOLLOW_MS);
    return () => clearInterval(timer);
  });

  const priceAt = (event) => {
    const y = event.clientY - box.current.getBoundingClientRect().top;
    return series.coordinateToPrice(Math.max(1, Math.min(y, box.current.clientHeight - 1)));
  };
  const finish = (kind, from, to) => {
    const text = priceText(to, instrument);
    if (from !== null && Math.abs(Number(text) - from) < WORTH_SENDING) {
      setMoving(null);
      return;
    }
    haptic("light");
    onLevel(kind, text);
    setMoving(null);
  };
  const rest = { moving, setMoving, priceAt, finish, instrument, position };
  const named = lines.filter((line) => line.kind in NAMED || line.label);
  const grips = named.map((line) => (line.kind === moving?.kind ? { ...line, price: moving.price, from: line.price } : line));
  if (moving && !named.some((line) => line.kind === moving.kind)) grips.push({ ...moving, isDraggable: true });
  const missing = position && canTrade() ? ["stop", "target"].filter((kind) => !named.some((line) => line.kind === kind)) : [];
  return html`
    <div class="handles" ref=${box}>
      ${grips.map((line) => html`<${Grip} key=${line.kind} line=${line} ...${rest} />`)}
      <div class="new-levels">${missing.map((kind) => html`<${NewLevel} key=${kind} kind=${kind} ...${rest} />`)}</div>
    </div>
  `;
};

const NAMED = { entry: "common.entry", liquidation: "common.liquidation", stop: "common.stop", target: "common.target" };

const resultAt = (position, level) => {
  const gain = position.side === "long" ? level - Number(position.entry_price) : Number(position.entry_price) - level;
  return money(gain * Number(position.size), { isSigned: true });
};

/** Follow a pointer from press to release. */
const drag = (event, { onMove, onEnd }) => {
  event.preventDefault();
  const target = event.currentTarget;
  target.setPointerCapture(event.pointerId);
  const move = (moved) => onMove(moved);
  const end = (ended) => {
    target.removeEventListener("pointermove", move);
    target.removeEventListener("pointerup", end);
    target.removeEventListener("pointercancel", end);
    onEnd(ended.type === "pointerup" ? ended : null);
  };
  target.addEventListener("pointermove", move);
  target.addEventListener("pointerup", end);
  target.addEventListener("pointercancel", end);
};

const Grip = ({ line, moving, setMoving, priceAt, finish, instrument, position }) => {
  const label = line.label ?? t(NAMED[line.kind]);
  const text = price(line.price, instrument);
  const isProtection = line.kind === "stop" || line.kind === "target";
  const words = html`<span>${label}</span> <b>${text}</b>${isProtection && position ? html` <small>≈ ${resultAt(position, line.price)}</small>` : ""}`;
  if (!line.isDraggable || !canTrade()) return html`<div class="grip" data-line=${line.kind} data-price=${line.price}><span class="tag">${words}</span></div>`;

  const from = line.from === undefined ? line.price : line.from;
  const latest = { price: line.price };
  const start = (event) => {
    setMoving({ kind: line.kind, price: line.price, from });
    drag(event, {
      onMove: (moved) => {
        latest.price = priceAt(moved);
        setMoving({ kind: line.kind, price: latest.price, from });
      },
      onEnd: (ended) => (ended ? finish(line.kind, from, latest.price) : setMoving(null)),
    });
  };
  const press = (event) => {
    const steps = { ArrowUp: KEY_STEP, ArrowDown: -KEY_STEP }[event.key];
    if (steps) setMoving({ kind: line.kind, price: line.price * (1 + steps), from });
    else if (event.key === "Enter" && moving) finish(line.kind, from, line.price);
    else if (event.key === "Escape" && moving) setMoving(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`
    <div class="grip" data-line=${line.kind} data-price=${line.price} data-moving=${moving?.kind === line.kind}>
      <button
        type="button"
        class="tag"
        role="slider"
        aria-orientation="vertical"
        aria-label=${t("chart.move", { level: label })}
        aria-valuenow=${priceText(line.price, instrument)}
        aria-valuetext=${text}
        onPointerDown=${start}
        onKeyDown=${press}
      >
        <span class="dots" aria-hidden="true">⠿</span>${words}
      </button>
    </div>
  `;
};

/** A grip for a level that is not set yet: pulled onto the chart, or pressed to be typed. */
const NewLevel = ({ kind, moving, setMoving, priceAt, finish, position }) => {
  const start = (event) => {
    let latest = null;
    drag(event, {
      onMove: (moved) => {
        latest = priceAt(moved);
        setMoving({ kind, price: latest, from: null });
      },
      onEnd: (ended) => (ended && latest !== null ? finish(kind, null, latest) : setMoving(null)),
    });
  };
  const press = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    const away = (position.side === "long") === (kind === "target") ? 1.02 : 0.98;
    setMoving({ kind, price: Number(position.mark_price ?? position.entry_price) * away, from: null });
  };
  return html`<button type="button" class="new-level" data-line=${kind} data-moving=${moving?.kind === kind} title=${t("chart.pull")} onPointerDown=${start} onKeyDown=${press}>+ ${t(NAMED[kind])}</button>`;
};
