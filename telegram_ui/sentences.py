"""One sentence for every error code. A test compares this table with the codes that the trading code raises."""

from telegram_ui.texts import N_

_TYPED = {
    "bad_number": N_("“{text}” is not a number I can use; write digits with a point, such as 0.5."),
    "zero_number": N_("“{text}” must be above zero."),
    "ambiguous_number": N_("“{text}” can be read in more than one way; write it plainly: {readings}."),
    "missing_number": N_("A number is missing after “{word}”."),
    "missing_side": N_("Start with long or short."),
    "missing_symbol": N_("Which market? Name it, such as BTC."),
    "missing_size": N_("How much? Write a size such as 100$, 0.01 or risk 1%."),
    "not_understood": N_("I do not understand “{text}”."),
    "said_twice": N_("“{text}” says something a second time; say it once."),
    "risk_needs_stop": N_("A size by risk needs a stop, such as sl 2%."),
    "post_only_needs_price": N_("“{word}” needs a price, such as @ 60000."),
    "too_many_targets": N_("At most {limit} targets fit one order."),
    "too_long": N_("That is too long; one order fits {limit} characters."),
    "too_large": N_("That is too much; at most {limit}."),
    "not_whole": N_("“{text}” is not a whole number."),
    "unknown_zone": N_("I know no time zone “{text}”; write one such as Europe/Kyiv."),
    "unknown_trading_mode": N_("The mode is demo, real or both."),
    "bad_button": N_("This button is too old."),
    "over_hundred_percent": N_("“{text}” is more than the whole position; write at most 100%."),
}

_ORDER = {
    "bad_order": N_("This order cannot be placed on this market."),
    "bad_size": N_("This size cannot be traded on this market."),
    "unknown_symbol": N_("There is no market “{symbol}” here; try /price with its name, such as BTC."),
    "ambiguous_symbol": N_("“{symbol}” can be several markets: {suggestions}. Write the one you mean."),
    "below_min_size": N_("The smallest size is {minimum}; make the order larger."),
    "below_min_notional": N_("The smallest order is worth {minimum}; make the order larger."),
    "above_max_size": N_("The largest size is {maximum}; make the order smaller."),
    "size_off_grid": N_("Sizes here go in steps of {step}."),
    "price_off_grid": N_("Prices here go in steps of {step}."),
    "price_missing": N_("A limit order needs a price, such as @ 60000."),
    "price_too_far": N_("The price is too far from the market's; choose one nearer to it."),
    "trigger_price_missing": N_("A trigger order needs its trigger price."),
    "bad_trigger_price": N_("The trigger price is on the wrong side of the market's."),
    "trigger_direction": N_("The trigger price is on the wrong side of the market's."),
    "stop_wrong_side": N_("The stop is on the wrong side: a long's stop is below its entry, a short's above."),
    "target_wrong_side": N_("The target is on the wrong side: a long's target is above its entry, a short's below."),
    "bad_leverage": N_("Leverage here goes up to {maximum}."),
    "leverage_missing": N_("Say the leverage too, such as 5x."),
    "market_closed": N_("This market is closed now."),
    "insufficient_margin": N_("There is not enough free margin; make the order smaller or raise the leverage."),
    "no_liquidity": N_("Nobody is on the other side of the book right now; try a limit order."),
    "post_only_would_take": N_("A post-only order at this price would trade at once; move the price away."),
    "reduce_only_rejected": N_("There is no position left that this order could reduce."),
    "more_than_position": N_("The position is only {size}."),
    "no_position": N_("There is no such position any more."),
    "order_not_found": N_("This order is not open any more."),
    "nothing_to_cancel": N_("There are no open orders to cancel."),
    "nothing_to_do": N_("There is nothing to do."),
    "already_set": N_("It is set like this already."),
    "too_many_orders": N_("There are too many open orders; cancel some first."),
    "position_limit": N_("The venue's limit for positions in this market is reached."),
    "open_interest_limit": N_("The venue takes no new positions in this market now: its open interest is full."),
    "isolated_only": N_("This market can only be traded with isolated margin."),
    "margin_mode_locked": N_("The margin mode cannot change while a position or an order is open."),
    "margin_mode_not_supported": N_("This venue has no such margin mode."),
    "hedge_not_supported": N_("This venue has no hedge mode."),
    "trailing_not_supported": N_("This venue has no trailing stops."),
    "order_type_not_supported": N_("This venue has no such kind of order."),
    "time_in_force_not_supported": N_("This venue cannot hold an order that way."),
    "trigger_by_not_supported": N_("This venue cannot trigger by that price."),
}

_LIMITS = {
    "limit_exceeded": N_("One of your limits stands in the way; see /settings."),
    "paused": N_("Trading is paused: no new risk is taken. /resume lifts it; closing always works."),
    "halted": N_("The owner stopped new trades for everybody; closing always works."),
    "unresolved_order": N_("An earlier order of {symbol} is still being checked; wait for its answer."),
    "too_many_requests": N_("That was a lot at once; wait a moment and try again."),
    "viewer_cannot_trade": N_("You may look, not trade; ask the owner for the trader's role."),
}

_KEYS = {
    "no_credentials": N_("This account has no keys yet; add them with /connect."),
    "credentials_locked": N_("The stored keys cannot be opened; add them again with /connect."),
    "key_invalid": N_("The venue does not accept this key; check that it belongs to this kind of account."),
    "key_expired": N_("This key has expired; make a new one and add it with /connect."),
    "key_read_only": N_("This key may only read; make one that may trade."),
    "key_can_withdraw": N_("This key may withdraw money. I take only keys that cannot; make one without that right."),
    "key_is_master": N_("This is the wallet's own key. I take only an agent's key, which cannot withdraw."),
    "key_in_use": N_("This venue account is connected already."),
    "ip_not_allowed": N_("The key is bound to other addresses; add this server's address to it."),
    "permission_denied": N_("The key lacks the right for this."),
    "bad_private_key": N_("This is not a private key: 64 characters of 0-9 and a-f are expected."),
    "bad_address": N_("This is not an address: 0x and 40 characters are expected."),
    "account_empty": N_("This account has never held money at the venue; deposit first."),
    "unknown_exchange": N_("There is no such venue here."),
    "unknown_account_type": N_("This venue has no such kind of account."),
    "paper_needs_sandbox": N_("Paper accounts exist only in sandbox mode."),
}

_WEATHER = {
    "unavailable": N_("The answer could not be had."),
    "unreachable": N_("The venue cannot be reached."),
    "no_answer": N_("The venue did not answer in time."),
    "venue_busy": N_("The venue is busy."),
    "unexpected_answer": N_("The venue's answer made no sense."),
    "answer_too_long": N_("The venue's answer made no sense."),
    "bad_payload": N_("The venue's answer made no sense."),
    "outcome_unknown": N_("The venue did not answer in time."),
    "request_expired": N_("The request took too long and was not carried out."),
    "storage_busy": N_("The bot's own records are busy."),
    "storage_full": N_("The disk is full; the owner has to make room."),
    "storage_read_only": N_("The bot's own records cannot be written; the owner has to look."),
    "storage_damaged": N_("The bot's own records are damaged; the owner has to restore a backup."),
    "storage_unavailable": N_("The bot's own records cannot be reached."),
    "protection_failed": N_("The order stands, but its stop or target was refused: set it from the position."),
}

SENTENCES: dict[str, str] = {**_TYPED, **_ORDER, **_LIMITS, **_KEYS, **_WEATHER}
"""Sentence by code."""

WARNINGS: dict[str, str] = {
    "no_stop": N_("No stop: a loss is limited only by liquidation."),
    "liquidation_before_stop": N_("Liquidation would come before the stop."),
    "insufficient_margin": N_("There is not enough free margin for this."),
    "protection_failed": N_("Its stop or target was refused: set it from the position now."),
    "targets_missing": N_("Not every target stands: look at the position and its orders."),
    "partial_fill": N_("Only a part was filled."),
}
"""What a preview or a result says beside its numbers, by code."""
