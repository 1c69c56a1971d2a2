"""The first word with Telegram. Until it answers, the rest of the process works: orders and stops need no chat."""

import asyncio
import logging
from collections.abc import Callable

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

logger = logging.getLogger(__name__)

_MAX_PAUSE_S = 30.0


async def reach(bot: Bot, stop: asyncio.Event, waiting: Callable[[], None]) -> bool:
    """Ask Telegram who this bot is, again and again until it answers or `stop` is set; return whether it answered.

    Args:
        waiting: Called once when the first try failed.

    Raises:
        InvalidToken: Telegram does not know the token; asking again would not help.
    """
    pause_s = 1.0
    while not stop.is_set():
        try:
            await bot.initialize()
        except InvalidToken:
            await bot.shutdown()
            raise
        except TelegramError as e:
            if pause_s == 1.0:
                logger.warning("Telegram cannot be reached, trying on", extra={"problem": type(e).__name__})
                waiting()
            await _pause(stop, pause_s)
            pause_s = min(pause_s * 2, _MAX_PAUSE_S)
        else:
            return True
    await bot.shutdown()
    return False


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
