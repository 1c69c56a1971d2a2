"""The owner's switch between the two paths to the venues, without a restart."""

from chat.call import Call, Reply
from telegram_ui.screen import Screen
from telegram_ui.views.rollout import rollout_view

_RESET, _SHADOW, _ALONE = "reset", "shadow", "alone"


async def cmd_rollout(call: Call) -> Reply:
    """Show who is on which path, or choose it: `25%`, `true`, `false`, ids, `shadow`, `alone`, `reset`."""
    word = call.text.strip().lower()
    return await _choose(call, word) if word else _screen(call)


async def on_rollout(call: Call) -> Reply:
    """Choose by a button."""
    return await _choose(call, call.argument(0))


async def _choose(call: Call, word: str) -> Screen:
    switch = call.services.rollout
    if word in {_SHADOW, _ALONE}:
        kept = switch.choice.rollout
        await switch.choose(call.user_id, kept.words if kept else None, is_shadowing=word == _SHADOW)
    else:
        await switch.choose(call.user_id, None if word == _RESET else word)
    return _screen(call)


def _screen(call: Call) -> Screen:
    choice = call.services.rollout.choice
    path = call.services.path_name()
    return rollout_view(call.t, path, is_chosen=choice.rollout is not None, is_shadowing=choice.is_shadowing)
