"""What Telegram shows of the bot outside the chat: its menu of commands and its descriptions, per language."""

import asyncio
from collections.abc import Sequence

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    MenuButtonCommands,
    MenuButtonWebApp,
    WebAppInfo,
)

from chat.call import Command
from telegram_ui.texts import DEFAULT_LANGUAGE, LANGUAGES, N_, Texts

MAX_IN_MENU = 10

_ABOUT = N_("Your own bot for perpetual futures on Bybit, HyperLiquid and OKX.")
_OPEN = N_("Open")
_DESCRIPTION = N_(
    "ElCaro shows balances, positions and orders, opens and closes positions, and guards them with stops. "
    "Self-hosted: keys never leave your machine."
)


def menu_of(commands: Sequence[Command], t: Texts) -> list[BotCommand]:
    """Return Telegram's own menu in one language."""
    return [BotCommand(command.name, t(command.help)) for command in commands if command.in_menu][:MAX_IN_MENU]


async def publish_profile(bot: Bot, commands: Sequence[Command], web_app_url: str) -> None:
    """Set menu, about text and description in every language; English also for everybody else.

    The button beside the text field opens the web app where there is one, else the menu.

    Raises:
        TelegramError: Telegram did not take it.
    """
    scope = BotCommandScopeAllPrivateChats()
    for language in LANGUAGES:
        t = Texts(language)
        for code in (language, None) if language == DEFAULT_LANGUAGE else (language,):
            await asyncio.gather(
                bot.set_my_commands(menu_of(commands, t), scope=scope, language_code=code),
                bot.set_my_short_description(str(t(_ABOUT)), language_code=code),
                bot.set_my_description(str(t(_DESCRIPTION)), language_code=code),
            )
    app = MenuButtonWebApp(str(Texts()(_OPEN)), WebAppInfo(web_app_url)) if web_app_url else MenuButtonCommands()
    await bot.set_chat_menu_button(menu_button=app)
