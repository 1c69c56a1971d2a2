"""A person at their phone: asks, looks at the preview, presses the button, waits for what became of it."""

from dataclasses import dataclass

from benchmarks.chaos_lab.plan import VENUES, Intent
from benchmarks.chaos_lab.wires import Chat, Line, Wires

_CONFIRM = "ok|"
_PATIENCE_S = 300.0
_VERDICT_S = 30.0
_UNDECIDED = ("⏳",)
_NOT_NOW = ("⚠️ Only closing works now", "⚠️ The venue is busy", "⚠️ The venue did not answer")
_NOT_NOW_S, _TRIES = 4.0, 4
"""Whoever is told to come back later does."""


@dataclass(slots=True, kw_only=True)
class Story:
    """How one wish went, as its person saw it."""

    intent: Intent
    asked_ms: int
    refusal: str = ""
    """What they were told instead of a preview."""
    preview: int | None = None
    """The message that showed the preview, and later what became of it."""
    token: str = ""
    pressed_ms: int | None = None

    @property
    def cause(self) -> str:
        """Under which cause the journal knows it."""
        return f"confirm:{self.token}:0"


class Person:
    """Acts for one user.

    Args:
        wires: The sandbox.
        chat: Theirs.
    """

    def __init__(self, wires: Wires, chat: Chat) -> None:
        self._wires = wires
        self._chat = chat
        self.stories: list[Story] = []

    async def want(self, intent: Intent) -> None:
        """Live through one wish."""
        await self._wires.machine.sleep(intent.pause_s)
        rules = [await self._break(intent, number) for number in range(len(intent.mishaps))]
        if intent.has_empty_book:
            await self._wires.control("book", venue=intent.exchange, symbol=intent.native, bids=[], asks=[])
        for _ in range(_TRIES):
            story = Story(intent=intent, asked_ms=self._wires.machine.now_ms())
            await self._ask(story)
            if not story.refusal.startswith(_NOT_NOW):
                break
            await self._wires.machine.sleep(_NOT_NOW_S)
        self.stories.append(story)
        if intent.has_empty_book:
            await self._wires.control("book", venue=intent.exchange, symbol=intent.native, free=True)
        await self._wires.heal(*rules)

    async def trade(self, user_id: int, text: str) -> None:
        """Do something that nothing goes wrong with."""
        seen = len(self._chat.lines)
        await self._wires.telegram("send", user_id=user_id, text=text)
        await self._wires.wait(self._chat, lambda: self._answer(seen, "") is not None, _PATIENCE_S)
        answer = self._answer(seen, "")
        button = None if answer is None else _button(answer)
        if answer is None or button is None:
            raise RuntimeError(f"{text} was not taken: {answer.text if answer else 'no answer'}")
        await self._wires.telegram("press", user_id=user_id, message_id=answer.message_id, data=button)
        if not await self._wires.wait(self._chat, lambda: self._is_decided(answer.message_id), _PATIENCE_S):
            raise RuntimeError(f"{text} came to nothing: {self._chat.now(answer.message_id)}")

    async def _break(self, intent: Intent, number: int) -> int:
        row, rule = VENUES[intent.exchange], intent.mishaps[number].rule
        return await self._wires.fault(intent.exchange, f"{row.create}*", rule, body=f'"{intent.size:f}"')

    async def _ask(self, story: Story) -> None:
        seen = len(self._chat.lines)
        await self._wires.telegram("send", user_id=story.intent.user_id, text=story.intent.text)
        size = f"{story.intent.size:,f}"
        await self._wires.wait(self._chat, lambda: self._answer(seen, size) is not None, _PATIENCE_S)
        answer = self._answer(seen, size)
        if answer is None:
            return
        button = _button(answer)
        if button is None:
            story.refusal = answer.text
            return
        story.preview, story.token = answer.message_id, button.removeprefix(_CONFIRM)
        await self._press(story, button)

    def _answer(self, since: int, size: str) -> Line | None:
        """Return the first new message that previews an order of this size, or refuses one; news come in between."""
        return next((line for line in self._chat.lines[since:] if line.is_new and _is_answer(line, size)), None)

    async def _press(self, story: Story, button: str) -> None:
        intent, message_id = story.intent, story.preview
        for tap, pause_s in enumerate(intent.taps):
            await self._wires.machine.sleep(pause_s if tap else 0.3)
            press = {"user_id": intent.user_id, "message_id": message_id, "data": button}
            await self._wires.telegram("press", **press, stale=bool(tap))
            story.pressed_ms = story.pressed_ms or self._wires.machine.now_ms()
        if intent.is_redelivered:
            await self._wires.telegram("redeliver", count=3, times=2)
        await self._wires.wait(self._chat, lambda: self._is_decided(message_id), _VERDICT_S)

    def _is_decided(self, message_id: int | None) -> bool:
        line = None if message_id is None else self._chat.now(message_id)
        return line is not None and _button(line) is None and not line.text.startswith(_UNDECIDED)

    @property
    def chat(self) -> Chat:
        """What they saw."""
        return self._chat


def _button(line: Line) -> str | None:
    return next((data for data in line.buttons if data.startswith(_CONFIRM)), None)


def _is_answer(line: Line, size: str) -> bool:
    return line.text.startswith("⚠️") if _button(line) is None else size in line.text
