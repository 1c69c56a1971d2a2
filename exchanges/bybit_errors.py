"""What Bybit's codes mean: which prove a refusal, which prove nothing, and our word for each.

https://bybit-exchange.github.io/docs/v5/error
"""

CLOCK = 10002
NOT_IN_DEMO = 10032

REFUSED = frozenset(
    {
        *{10001, 10002, 10003, 10004, 10005, 10007, 10008, 10009, 10010, 10017, 10024, 10027, 10028, 10029, 33004},
        *{110003, 110004, 110006, 110007, 110012, 110013, 110017, 110020, 110021, 110023, 110066, 110074, 110090},
        *{110094, 110120, 110121, 170121, 170124, 170131, 170132, 170133, 170134, 170135, 170136, 170137, 170140},
        30228,
    }
)
"""What cannot have been accepted. Anything that is not here proves nothing about a new order."""

MAY_BE_OURS = frozenset({110072, 170141, 10014})
"""Duplicates: the order that is already there may be the one that was asked for, so they are never refusals."""

CHANGE_REFUSED = REFUSED | {110001, 170213, 110008, 110010, 170139, 170142}
"""For cancels and amendments besides: the order is not there, or is done. What it did is read from the order."""

UNCHANGED = frozenset({110043, 110025, 110026, 110027, 34040})
"""Settings that already are as asked for."""

ORDER_UNCHANGED = (10001, "The order remains unchanged")
"""How an amendment to what the order is already is answered: a code for everything, and the beginning of its text."""

SETTING_REFUSED = REFUSED | {
    *{110005, 110011, 110015, 110024, 110028, 110029, 110036, 110038, 110040, 110044, 110045, 110046, 110051, 110052},
    *{110053, 110057, 110058, 110059, 110060, 110061, 110063, 110086, 110088, 110089, 110092, 110093, 3400045},
}
"""For leverage, modes, margin and protection besides: these change nothing until they are accepted."""

ACCOUNT_BUSY = frozenset({10006, 170005, 170222})
VENUE_BUSY = frozenset({429, 10018, 10429})

_WORDS = {
    "bad_request": (10001, 10017),
    "clock_skew": (10002, -1),
    "key_invalid": (10003, 10004, 10007, 10008),
    "key_expired": (33004, -2015),
    "key_no_permission": (10005,),
    "ip_not_allowed": (10010,),
    "account_not_unified": (10028, 100028, 110088),
    "region_restricted": (10009, 10024, 110132, 10403),
    "trading_banned": (10027, 110066, 110065),
    "symbol_not_allowed": (10029,),
    "terms_not_accepted": (110123, 110125),
    "cooling_off": (110124,),
    "market_closed": (110023, 110042, 110063, 110074, 30228),
    "insufficient_margin": (
        *(110004, 110006, 110007, 110012, 110014, 110044, 110045, 110051, 110052, 110053),
        *(170131, 170033),
    ),
    "size_too_small": (110017, 170124, 170136),
    "size_too_large": (170135, 170137),
    "below_min_notional": (110094, 170140),
    "price_out_of_band": (110003, 110120, 110121, 30208, 30209, 170121, 170132, 170133, 170134),
    "leverage_too_high": (110013, 110086, 110089, 110090),
    "open_interest_limit": (110021,),
    "too_many_orders": (110020, 110009),
    "too_many_protections": (110061,),
    "order_not_found": (110001, 170213),
    "order_done": (110008, 110010, 170139, 170142),
    "duplicate_order": (110072, 170141, 10014),
    "position_open": (110024,),
    "orders_open": (110028,),
    "mode_unsupported": (110015, 110029, 110036, 110038, 3400045),
    "bad_trigger": (110092, 110093),
    "bad_protection": (110057, 110058, 110059, 110060),
    "would_liquidate": (110011, 110040, 110046),
    "not_modified": tuple(sorted(UNCHANGED)),
    "venue_busy": (429, 10006, 10018, 10429, 170005, 170222),
    "venue_error": (
        *(10000, 10016, 10019, 20003, 20006, 110079, 170001, 170007, 170032, 170146, 170147, 170149, 170234),
        *(500000, 3400214),
    ),
}
_WORD_OF = {code: word for word, codes in _WORDS.items() for code in codes}
WORDS = frozenset(_WORDS) | {"refused", "position_closed", "redirected"}
"""Every word that a code can become; each has a sentence in the catalogues."""


def word(code: int) -> str:
    """Return our word for a code."""
    return _WORD_OF.get(code, "refused")
