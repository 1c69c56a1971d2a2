"""The bot's process, again and again: one interpreter that has everything imported forks a child for each life.

Each life is `bot.run`, the whole product, in a process of its own, and ends by SIGKILL. Lines of JSON come in on stdin,
one per life, and go out on stdout: the process it became, and how that ended.

Run by `benchmarks.chaos_lab.host`. Arguments: functions as `module:function`, called once before the first life; a test
of the tests takes a part of the product away there.
"""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import bot
import core.runtime
import db
from benchmarks.chaos_lab.steps import die_at
from core.config import Settings, load_settings
from core.logs import set_up_logging
from core.runtime import open_runtime
from db import Role
from models.account import Account
from models.enums import AccountType

_WORTH = Decimal(200)
_PACE_S = 1.0


def main() -> None:
    """Live until stdin ends."""
    for patch in sys.argv[1:]:
        module, _, function = patch.partition(":")
        getattr(import_module(module), function)()
    _say({"ready": os.getpid()})
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _say(what: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _become(order: Mapping[str, Any]) -> None:
    """Live, and never come back into the parent's loop."""
    code = 1
    try:
        code = _live(order)
    finally:
        if code:
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(code)


def _live(order: Mapping[str, Any]) -> int:
    """Live one life.

    Args:
        order: `settings`, where it may tell that it is ready, its `share` of the venues' rate budgets where that is not
            the product's own, and its `death`; or the `people` to let in; or the `doubts` to leave behind.
    """
    folder = Path(order["folder"])
    _redirect(folder / "life.err")
    settings = load_settings(None, **order["settings"])
    set_up_logging(level=settings.log_level, log_file=folder / "bot.log", secrets=settings.secrets)
    if order.get("share"):
        vars(core.runtime)["_share_of"] = lambda _role: order["share"]
    if order.get("people"):
        asyncio.run(_let_in(settings, order["people"]))
        return 0
    if order.get("doubts"):
        asyncio.run(_leave_in_doubt(settings, order["doubts"]))
        return 0
    os.environ["NOTIFY_SOCKET"] = order["notify"]
    death = order.get("death")
    if death is not None:
        die_at(**death)
    asyncio.run(bot.run(settings))
    return 0


def _redirect(errors: Path) -> None:
    """Leave the pipes to the parent; what the life writes past its log goes into a file."""
    descriptor = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    for mine, other in ((0, nothing), (1, nothing), (2, descriptor)):
        os.dup2(other, mine)


async def _let_in(settings: Settings, people: Mapping[str, Mapping[str, Any]]) -> None:
    """Make people traders with accounts of their own."""
    async with open_runtime(settings, with_jobs=False) as runtime:
        for user, wish in people.items():
            await runtime.store.users.set_role(int(user), Role.TRADER)
            await db.set_exchange_type(int(user), wish["exchange"])
            account = Account(user_id=int(user), exchange=wish["exchange"], account_type=AccountType.PAPER)
            await db.set_credentials(account, wish["keys"])


async def _leave_in_doubt(settings: Settings, doubts: Mapping[str, Sequence[str]]) -> None:
    """Send one order per person and market, and go without finding out what became of them."""
    async with open_runtime(settings, with_jobs=False) as runtime:
        for user_id, symbol in [(int(user), symbol) for user, symbols in doubts.items() for symbol in symbols]:
            ticker = await runtime.backend.get_ticker(user_id, symbol)
            size = _WORTH / (ticker.reference_price or Decimal(1))
            cause = f"doubt:{user_id}:{symbol}"
            await runtime.backend.place_order(user_id, symbol, "buy", "market", size, cause=cause)
            await asyncio.sleep(_PACE_S)


if __name__ == "__main__":
    main()
