"""From an update to an answer: who is it, may they, which row of the tables, and where the answer stands."""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from telegram import Update

from chat.call import ButtonRow, Call, Command, Handler, Need, Person, Question, Reply, Services
from chat.questions import open_question
from chat.start import on_edited_text, on_other_text
from chat.trade import is_ticket, on_ticket
from chat.unwritten import on_unwritten
from models.errors import TradingError, Unavailable
from telegram_app.access import Access
from telegram_app.incoming import Incoming, read_update
from telegram_app.live import LiveCards
from telegram_app.messenger import Messenger
from telegram_app.place import Place
from telegram_ui.buttons import read_action
from telegram_ui.errors import crash_view, error_view
from telegram_ui.screen import Attachment, Screen, Toast, plain_text
from telegram_ui.texts import LANGUAGES, N_, Texts, language_of
from telegram_ui.views.access import not_allowed_view, private_only_view, refused_view
from telegram_ui.views.home import MENU_WORDS, not_written_view

logger = logging.getLogger(__name__)

_TICKET_EXAMPLE = "long BTC 100$ 5x sl 2% tp 4%"
_MONEY = frozenset({Need.TRADER, Need.OWNER})
"""Whoever may move money and asks to is answered, even where Telegram loses the answer at first."""
_BUSY = N_("You are faster than me: wait a few seconds. What came too fast was left out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What an update asks for."""

    run: Handler
    needs: Need
    text: str = ""
    arguments: tuple[str, ...] = ()
    example: str = ""
    back: str = ""


class Dispatcher:
    """Answers updates by the tables of commands, buttons and questions."""

    def __init__(
        self,
        services: Services,
        access: Access,
        messenger: Messenger,
        *,
        commands: Sequence[Command],
        buttons: Sequence[ButtonRow],
        questions: Sequence[Question],
        bot_id: int,
        live: LiveCards,
        may_tell: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._services = services
        self._access = access
        self._messenger = messenger
        self._commands = {name: row for row in commands for name in (row.name, *row.aliases)}
        self._buttons = {row.name: row for row in buttons}
        self._questions = {row.name: row for row in questions}
        self._menu = _menu_words(self._commands)
        self._bot_id = bot_id
        self._live = live
        self._may_tell = may_tell

    @staticmethod
    def person_of(update: Update) -> int | None:
        """Return whose lane an update belongs to; None where nobody answers it."""
        incoming = read_update(update)
        return None if incoming is None else incoming.sender.user_id

    async def refuse(self, update: Update) -> None:
        """Tell somebody who is too fast to slow down."""
        incoming = read_update(update)
        if incoming is None:
            return
        if incoming.is_tap:
            _, t = await self._access.know(incoming.sender)
            await self._messenger.acknowledge(incoming.query_id, t(_BUSY))
        elif incoming.is_private and self._may_tell(incoming.sender.user_id):
            person, t = await self._access.know(incoming.sender)
            if person.may(Need.VIEWER):
                screen = Screen(text=t(_BUSY), is_silent=True)
                await self._messenger.show(incoming.chat_id, None, screen, key=f"busy:{incoming.update_id}")

    def is_urgent(self, update: Update) -> bool:
        """Whether an update confirms something, or stops it."""
        incoming = read_update(update)
        if incoming is None or incoming.is_edit:
            return False
        if incoming.is_tap:
            button = self._buttons.get(read_action(incoming.data)[0])
            return button is not None and button.is_urgent
        first = incoming.text.split(maxsplit=1)[:1]
        command = self._commands.get(first[0].removeprefix("/").split("@")[0].lower()) if first else None
        return command is not None and command.is_urgent

    async def handle(self, update: Update) -> None:
        """Answer one update. Whatever goes wrong, the person gets a sentence and the log the traceback."""
        incoming = read_update(update)
        if incoming is None:
            return
        await self._answer_or_tell(incoming, secrets.token_hex(3))

    async def give_up(self, update: Update) -> None:
        """Tell somebody that answering them ended the process again and again, and what is known."""
        incoming = read_update(update)
        if incoming is None:
            return
        number = secrets.token_hex(3)
        logger.error("update given up", extra={"number": number, "user": incoming.sender.user_id})
        name, _ = read_action(incoming.data)
        row = self._buttons.get(name) if incoming.is_tap else None
        if row is None or row.given_up is None:
            await self._tell_crash(incoming, number)
            return
        await self._answer_or_tell(incoming, number, instead=row.given_up)

    async def without_storage(self, update: Update) -> None:
        """Answer an update while the database takes no writes: closing works, and everything else says so."""
        incoming = read_update(update)
        if incoming is None or not incoming.is_private:
            return
        row = self._buttons.get(read_action(incoming.data)[0]) if incoming.is_tap else None
        instead = on_unwritten if row is None or row.unwritten is None else row.unwritten
        await self._answer_or_tell(incoming, secrets.token_hex(3), instead=instead)

    async def _answer_or_tell(self, incoming: Incoming, number: str, *, instead: Handler | None = None) -> None:
        try:
            await self._answer(incoming, number, instead=instead)
        except Exception:
            logger.exception("update failed", extra={"number": number, "user": incoming.sender.user_id})
            await self._tell_crash(incoming, number)

    async def _answer(self, incoming: Incoming, number: str, *, instead: Handler | None = None) -> None:
        person, t = await self._access.know(incoming.sender)
        if not incoming.is_private:
            await self._turn_away(incoming, private_only_view(t))
            return
        route = await self._route(incoming)
        if not person.may(route.needs):
            is_known = person.may(Need.VIEWER)
            screen = not_allowed_view(t) if is_known else refused_view(t)
            await self._turn_away(incoming, screen, is_always_told=is_known)
            return
        if instead is not None:
            route = replace(route, run=instead)
        must_arrive = route.needs in _MONEY
        key = f"tg:{self._bot_id}:{incoming.update_id}"
        if incoming.is_tap:
            self._live.leave(incoming.chat_id, incoming.message_id)
        place = Place(self._messenger, incoming, key=key, must_arrive=must_arrive)
        call = self._call(incoming, route, person, t, place, number)
        await place.finish(reply := await _reply(call, route))
        if isinstance(reply, Screen) and place.message_id is not None:
            self._follow(call, route, reply, place.message_id)

    def _follow(self, call: Call, route: Route, screen: Screen, message_id: int) -> None:
        """Draw a screen anew from now on where it follows the market, or counts down."""
        counts = screen.later
        if screen.is_live:
            again = replace(call, is_again=True)
            self._live.follow(call.chat_id, message_id, lambda: _drawn(again, route), shown=screen)
        elif counts is not None:
            self._live.follow(call.chat_id, message_id, lambda: _counted(call, counts), shown=screen)

    def _call(self, incoming: Incoming, route: Route, person: Person, t: Texts, place: Place, number: str) -> Call:
        async def forget() -> bool:
            message_id = incoming.message_id
            return message_id is not None and await self._messenger.delete(incoming.chat_id, message_id)

        async def pin() -> bool:
            message_id = incoming.message_id if incoming.is_tap else None
            return message_id is not None and await self._messenger.pin(incoming.chat_id, message_id)

        async def send_file(attachment: Attachment, is_instead: bool) -> bool:
            instead_of = incoming.message_id if is_instead and incoming.is_tap else None
            return await self._messenger.send_file(incoming.chat_id, attachment, instead_of=instead_of)

        return Call(
            services=self._services,
            person=person,
            t=t,
            chat_id=incoming.chat_id,
            cause=f"tg:{self._bot_id}:{incoming.update_id}",
            show=place.show,
            forget=forget,
            send_file=send_file,
            pin=pin,
            text=route.text,
            arguments=route.arguments,
            asked_at=incoming.sent_at,
            message_id=incoming.message_id if incoming.is_tap else None,
            number=number,
        )

    async def _route(self, incoming: Incoming) -> Route:
        """Find the row that an update asks for."""
        if incoming.is_tap:
            return self._button_route(incoming.data)
        if not incoming.is_written:
            return Route(run=_not_written, needs=Need.VIEWER)
        if incoming.is_edit:
            return Route(run=on_edited_text, needs=Need.VIEWER, text=incoming.text)
        text = incoming.text.strip()
        if text.startswith("/"):
            return self._command_route(text)
        command = self._menu.get(text)
        if command is not None:
            return _route_of(command)
        if is_ticket(text):
            return Route(run=on_ticket, needs=Need.TRADER, text=text, example=_TICKET_EXAMPLE)
        return await self._question_route(incoming.sender.user_id, text)

    def _button_route(self, data: str) -> Route:
        name, arguments = read_action(data)
        row = self._buttons.get(name)
        if row is None:
            return Route(run=_too_old, needs=Need.VIEWER)
        back = "" if row.back is None else row.back(arguments)
        return Route(run=row.run, needs=row.needs, arguments=arguments, back=back)

    def _command_route(self, text: str) -> Route:
        first, _, rest = text[1:].partition(" ")
        name = first.split("@")[0].split("\n")[0].lower()
        command = self._commands.get(name)
        if command is None:
            return Route(run=on_other_text, needs=Need.VIEWER, text=text)
        return _route_of(command, rest)

    async def _question_route(self, user_id: int, text: str) -> Route:
        question = await open_question(self._services.store, user_id, self._services.now())
        row = self._questions.get(question.name) if question else None
        if question is None or row is None:
            return Route(run=on_other_text, needs=Need.VIEWER, text=text)
        return Route(run=row.run, needs=row.needs, text=text, arguments=question.arguments)

    async def _turn_away(self, incoming: Incoming, screen: Screen, *, is_always_told: bool = False) -> None:
        """Answer somebody who may not, without letting strangers make the bot chatter."""
        if incoming.is_tap:
            await self._messenger.acknowledge(incoming.query_id, plain_text(screen.text))
        elif is_always_told or self._access.may_refuse(incoming.sender.user_id):
            await self._messenger.show(incoming.chat_id, None, screen, key=f"refusal:{incoming.update_id}")

    async def _tell_crash(self, incoming: Incoming, number: str) -> None:
        t = Texts(language_of(incoming.sender.language_code))
        if incoming.is_tap:
            await self._messenger.acknowledge(incoming.query_id)
        await self._messenger.show(incoming.chat_id, None, crash_view(t, number), key=f"crash:{incoming.update_id}")


async def _reply(call: Call, route: Route) -> Reply:
    """Run a handler; an expected error becomes its sentence."""
    try:
        return await route.run(call)
    except TradingError as e:
        logger.info("refused", extra={"number": call.number, "user": call.user_id, "code": e.code})
        return error_view(call.t, e, number=call.number, example=route.example, back=route.back)


async def _drawn(call: Call, route: Route) -> Screen:
    """Return a screen as it is now.

    Raises:
        Unavailable: It cannot be drawn now.
    """
    reply = await route.run(call)
    if not isinstance(reply, Screen):
        raise Unavailable("nothing to draw")
    return reply


async def _counted(call: Call, later: Callable[[datetime], Screen]) -> Screen:
    return later(call.services.now())


async def _too_old(call: Call) -> Reply:
    return Toast(text=call.t("This button is too old. Nothing was sent."), is_alert=True)


async def _not_written(call: Call) -> Reply:
    return not_written_view(call.t)


def _route_of(command: Command, text: str = "") -> Route:
    example = f"/{command.name} {command.example}" if command.example else ""
    return Route(run=command.run, needs=command.needs, text=text, example=example)


def _menu_words(commands: Mapping[str, Command]) -> dict[str, Command]:
    """Return what the phone's keyboard says, in every language, and the command it stands for."""
    return {str(Texts(language)(word)): commands[name] for language in LANGUAGES for word, name in MENU_WORDS.items()}
