"""Positions: the list, one card, and what can be done from it."""

from collections.abc import Sequence
from dataclasses import replace

from models.account import Account
from models.position import Position
from telegram_ui.buttons import (
    CHOSEN,
    PositionKey,
    Scope,
    action,
    back_button,
    danger,
    home_button,
    is_argument,
    pager,
    refresh_button,
    scope_rows,
)
from telegram_ui.parts import Part, as_of_line, blocks, part_text
from telegram_ui.screen import MAX_ACTION_BYTES, Button, Html, Keyboard, Screen, bold, dotted, lines, words
from telegram_ui.texts import Texts
from telegram_ui.words import MARGIN_MODES, account_line, badge_word, side_mark, venue_name

PER_PAGE = 6
CLOSE_PERCENTS = (25, 50, 75, 100)


def positions_view(t: Texts, parts: Sequence[Part[list[Position]]], page: int = 0, scope: Scope = CHOSEN) -> Screen:
    """List the positions of one or more accounts, a page at a time."""
    owned = [(part.account, position) for part in parts for position in part.value or []]
    pages = max(1, -(-len(owned) // PER_PAGE))
    page = min(max(page, 0), pages - 1)
    shown = owned[page * PER_PAGE : (page + 1) * PER_PAGE]
    failed = [part for part in parts if part.error is not None]
    empty = [part for part in parts if part.error is None and not part.value]
    moments = [*(position.as_of for _, position in shown), *(part.asked_at for part in empty)]
    return Screen(
        text=blocks(
            _list_title(t, owned, failed),
            *(_row_text(t, account, position) for account, position in shown),
            *(lines(account_line(t, part.account), t("No open positions.")) for part in empty),
            *(part_text(t, part, lambda _: Html("")) for part in failed),
            as_of_line(t, moments),
        ),
        keyboard=_list_keyboard(t, shown, page, pages, scope),
    )


def _list_title(t: Texts, owned: Sequence[object], failed: Sequence[object]) -> Html:
    count = t.plural("{count} position", "{count} positions", len(owned))
    return dotted(bold(t("Positions")), count if owned or not failed else None)


def _row_text(t: Texts, account: Account, position: Position) -> Html:
    return lines(
        dotted(_headline(t, position), account_line(t, account)),
        _prices(t, position),
        _profit(t, position),
        _protection(t, position),
    )


def _headline(t: Texts, position: Position) -> Html:
    mode = MARGIN_MODES.get(position.margin_mode) if position.margin_mode else None
    return words(
        bold(position.symbol),
        side_mark(position.side),
        t.size(position.size),
        "·",
        t.leverage(position.leverage),
        t(mode) if mode else None,
    )


def _prices(t: Texts, position: Position) -> Html:
    return t(
        "Entry {entry} → now {mark}",
        entry=t.price(position.entry_price),
        mark=t.price(position.mark_price),
    )


def _profit(t: Texts, position: Position) -> Html:
    pnl = position.unrealized_pnl
    arrow = "" if not pnl else "▲ " if pnl > 0 else "▼ "
    text = t("Profit {amount}", amount=bold(arrow + t.signed_money(pnl)))
    share = position.return_on_margin
    return text if share is None else Html(f"{text} ({t.percent(share)})")


def _protection(t: Texts, position: Position) -> Html:
    stop = t("Stop {price}", price=t.price(position.stop_loss)) if position.stop_loss else None
    target = t("Target {price}", price=t.price(position.take_profit)) if position.take_profit else None
    trailing = t("Trailing {distance}", distance=t.price(position.trailing_stop)) if position.trailing_stop else None
    return dotted(stop or (None if trailing else t("⚠️ No stop")), target, trailing)


def _list_keyboard(
    t: Texts, shown: Sequence[tuple[Account, Position]], page: int, pages: int, scope: Scope
) -> Keyboard:
    names = [_name(position) for _, position in shown]
    is_clear = len(set(names)) == len(names)
    cards = [
        Button(
            text=name if is_clear else _place_name(name, account),
            action=action("pos", *PositionKey.of(position, account).arguments()),
        )
        for name, (account, position) in zip(names, shown, strict=True)
    ]
    wide = 2 if is_clear else 1
    pairs = [tuple(cards[n : n + wide]) for n in range(0, len(cards), wide)]
    close_all = danger(t("Close all positions"), action("closeall", *scope.arguments))
    return (
        *pairs,
        *(((close_all,),) if len(cards) > 1 else ()),
        *((pager("poss", page, pages, scope),) if pages > 1 else ()),
        *scope_rows(t, "poss", scope),
        (refresh_button(t, action("poss", page, *scope.arguments)), home_button(t)),
    )


def _name(position: Position) -> str:
    return f"{position.symbol} {side_mark(position.side)}"


def _place_name(name: str, account: Account) -> str:
    return f"{name} · {venue_name(account.exchange)} {badge_word(account.account_type)}"


def which_view(t: Texts, owned: Sequence[tuple[Account, Position]], name: str, wish: str = "") -> Screen:
    """Ask which of several positions a command is about; each button goes on with what was written.

    Args:
        name: What the buttons do.
        wish: What was written after the market; left out, and asked for, where it does not fit a button.
    """
    rows = [
        (_place_name(_name(position), account), action(name, *PositionKey.of(position, account).arguments()))
        for account, position in owned
    ]
    return Screen(
        text=blocks(bold(t("Which position?")), *(_row_text(t, account, position) for account, position in owned)),
        keyboard=(
            *((Button(text=text, action=_with_wish(act, wish)),) for text, act in rows),
            (Button(text=t("Positions"), action="poss"), home_button(t)),
        ),
    )


def _with_wish(act: str, wish: str) -> str:
    whole = action(act, wish)
    return whole if wish and is_argument(wish) and len(whole.encode()) <= MAX_ACTION_BYTES else act


def position_view(
    t: Texts, account: Account, position: Position, *, can_trade: bool = True, is_pinned: bool = False
) -> Screen:
    """Show one position with everything that is known of it, and what can be done; it follows the market.

    Args:
        is_pinned: Whether it stands at the top of the chat and does so for hours.
    """
    place = PositionKey.of(position, account)
    keyboard = _card_keyboard(t, place, can_trade=can_trade, is_pinned=is_pinned)
    return replace(
        _card(t, account, position, t("live"), keyboard),
        is_live=True,
        is_pinned=is_pinned,
        when_stale=_card(t, account, position, t("stale"), keyboard),
    )


def _card(t: Texts, account: Account, position: Position, state: Html, keyboard: Keyboard) -> Screen:
    return Screen(
        text=lines(
            _headline(t, position),
            account_line(t, account),
            _prices(t, position),
            _profit(t, position),
            t(
                "Value {notional} · margin {margin}",
                notional=t.money(position.notional),
                margin=t.money(position.margin_used),
            ),
            t("Liquidation {price}", price=t.price(position.liquidation_price)),
            _protection(t, position),
            t("Funding so far {amount}", amount=t.signed_money(position.funding_since_open))
            if position.funding_since_open is not None
            else None,
            t("Opened {time}", time=t.moment(position.opened_at)) if position.opened_at else None,
            dotted(t("as of {time}", time=t.time(position.as_of)), state),
        ),
        keyboard=keyboard,
    )


def _card_keyboard(t: Texts, key: PositionKey, *, can_trade: bool, is_pinned: bool) -> Keyboard:
    place = key.arguments()
    closes = tuple(danger(t("Close {percent}%", percent=n), action("cl", *place, n)) for n in CLOSE_PERCENTS)
    levels = (
        Button(text=t("Stop…"), action=action("sl", *place)),
        Button(text=t("Target…"), action=action("tp", *place)),
    )
    moves = (
        Button(text=t("Breakeven"), action=action("be", *place)),
        Button(text=t("Trailing…"), action=action("tr", *place)),
    )
    change = (
        Button(text=t("Add…"), action=action("add", *place)),
        Button(text=t("Reverse"), action=action("rv", *place)),
    )
    share = Button(text=t("Close…"), action=action("cx", *place))
    chart = Button(text="📈 " + t("Chart"), action=action("ch", key.symbol, "1h"))
    return (
        *((closes[:2], closes[2:], levels, moves, change) if can_trade else ()),
        (*((share,) if can_trade else ()), chart),
        *_last_rows(t, place, is_pinned=is_pinned),
    )


def _last_rows(t: Texts, place: tuple[str, ...], *, is_pinned: bool) -> Keyboard:
    """Return the ways on; pressed once more, a pinned card follows the market for hours again."""
    if is_pinned:
        return ((refresh_button(t, action("pin", *place)), back_button(t, "poss")),)
    pin = Button(text="📌 " + t("Pin"), action=action("pin", *place))
    return ((refresh_button(t, action("pos", *place)), pin), (back_button(t, "poss"),))


def position_gone_view(t: Texts, account: Account, symbol: str) -> Screen:
    """Say that a position is not there any more."""
    return Screen(
        text=lines(dotted(bold(symbol), account_line(t, account)), t("This position is closed.")),
        keyboard=((back_button(t, "poss"), Button(text=t("History"), action="hist")),),
    )


def ask_level_view(t: Texts, account: Account, position: Position, *, is_stop: bool) -> Screen:
    """Ask for a stop or a target, with what holds now."""
    now = position.stop_loss if is_stop else position.take_profit
    title = (
        t("New stop for {symbol}", symbol=position.symbol)
        if is_stop
        else t("New target for {symbol}", symbol=position.symbol)
    )
    return Screen(
        text=lines(
            bold(title),
            dotted(side_mark(position.side), account_line(t, account)),
            _prices(t, position),
            t("It is {price} now.", price=t.price(now)) if now is not None else t("There is none now."),
            t("Write a price, a distance from the entry such as 2%, or 20% roi of the margin; 0 takes it away."),
        ),
        keyboard=((Button(text=t("Cancel"), action=action("pos", *PositionKey.of(position, account).arguments())),),),
    )
