"""The way into the web app from a browser of one's own."""

from telegram_ui.buttons import home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Screen, bold, code
from telegram_ui.texts import Texts


def web_view(t: Texts, link: str, *, minutes: int) -> Screen:
    """Show a link that logs its reader in once. The address is shown as text, so that no preview fetches it."""
    text = blocks(
        bold(t("Web app")),
        code(link),
        t(
            "Open this address in a browser on the device where you want to trade. It works once, within {minutes} "
            "minutes; do not pass it on.",
            minutes=minutes,
        ),
    )
    return Screen(text=text, keyboard=((home_button(t),),))


def no_web_view(t: Texts) -> Screen:
    """Say that there is no web app to open."""
    text = t("The web app is not set up here. Whoever runs this bot sets WEBAPP_URL to its https address.")
    return Screen(text=text, keyboard=((home_button(t),),))
