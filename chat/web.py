"""A one-time link into the web app, for a browser outside Telegram."""

from chat.call import Call, Reply
from core.web_sessions import CODE_LIFETIME_S, make_login_code
from telegram_ui.views.web import no_web_view, web_view


async def cmd_web(call: Call) -> Reply:
    """Give a person a link that logs them in once."""
    page = call.services.web_page_url
    if not page:
        return no_web_view(call.t)
    login = await make_login_code(call.user_id)
    return web_view(call.t, f"{page}/#login={login}", minutes=CODE_LIFETIME_S // 60)
