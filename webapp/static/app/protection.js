// A position's stop and target, wherever its venue keeps them: on the position itself, or as orders of their own.

const STOPS = new Set(["stop_market", "stop_limit"]);
const TARGETS = new Set(["take_profit_market", "take_profit_limit"]);

const nearest = (orders, kinds, position) => {
  const found = orders.filter((order) => kinds.has(order.order_type) && order.trigger_price).map((order) => order.trigger_price);
  const mark = Number(position.mark_price ?? position.entry_price);
  return found.sort((a, b) => Math.abs(a - mark) - Math.abs(b - mark))[0] ?? null;
};

/** Return `stop` and `target` as price texts; null where there is none. */
export const protectionOf = (position, orders) => {
  const closing = position.side === "long" ? "sell" : "buy";
  const mine = orders.filter((order) => order.symbol === position.symbol && order.reduce_only && order.side === closing);
  return {
    stop: position.stop_loss ?? nearest(mine, STOPS, position),
    target: position.take_profit ?? nearest(mine, TARGETS, position),
  };
};
