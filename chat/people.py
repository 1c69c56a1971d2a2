"""Who may use the bot: invitations, roles, the stop for everybody, and the record of deeds. For the owner alone."""

from datetime import UTC, datetime, timedelta

from chat.call import Call, Need, Reply, whole_number
from chat.confirm import Deed, Payload, plan
from core.pausing import is_paused_by_owner, pause_person, resume_person
from core.recovery import RESTORED
from db import EVERYBODY, Message, Role, TradingState, User
from models.errors import BadOrder
from telegram_ui.screen import Screen
from telegram_ui.views.access import PersonRow, audit_view, invitation_view, people_view, person_view
from telegram_ui.views.plans import halt_plan, resume_all_plan

_INVITATION = timedelta(hours=24)
_GIVEN = {role.value: role for role in (Role.TRADER, Role.VIEWER, Role.BANNED)}
_HALTED, _RESUMED = "halted", "resumed_all"
_LIFTED = (_HALTED, RESTORED)
"""Why trading can be stopped for everybody until the owner says otherwise."""
_TRADERS = frozenset({Role.ADMIN, Role.TRADER})
_AUDIT_ROWS = 20
_PAUSES = {"pause": pause_person, "resume": resume_person}


async def cmd_people(call: Call) -> Reply:
    """List everybody."""
    return await people_screen(call)


async def people_screen(call: Call) -> Screen:
    """Return the list of everybody, and whether trading is stopped."""
    people = [_row(user) for user in await call.store.users.list_all()]
    return people_view(call.t, people, is_halted=await _is_halted(call))


def _row(user: User) -> PersonRow:
    return PersonRow(user_id=user.user_id, name=user.first_name or user.username or "", role=user.role.value)


async def _is_halted(call: Call) -> bool:
    return any(row.scope == EVERYBODY and row.reason in _LIFTED for row in await call.store.trading.restrictions())


async def on_person(call: Call) -> Reply:
    """Show one person; a button pauses them, or takes that back. The owner never trades for them."""
    user = await _named(call)
    deed = _PAUSES.get(call.arguments[1]) if len(call.arguments) > 1 else None
    if deed is not None and user.user_id != call.user_id:
        await deed(user.user_id, call.user_id)
    is_paused = await is_paused_by_owner(user.user_id)
    return person_view(call.t, _row(user), is_self=user.user_id == call.user_id, is_paused=is_paused)


async def on_role(call: Call) -> Reply:
    """Give a person another role. Nobody makes an owner here, and nobody changes their own role."""
    user, role = await _named(call), _GIVEN.get(call.argument(1))
    if role is None or user.user_id == call.user_id or user.role is Role.ADMIN:
        raise BadOrder("no such change", code="bad_button")
    await call.store.users.set_role(user.user_id, role)
    await call.store.audit.add("role_given", str(user.user_id), actor_id=call.user_id, role=role.value)
    return await people_screen(call)


async def _named(call: Call) -> User:
    number = whole_number(call.argument(0))
    user = None if number is None else await call.store.users.get(number)
    if user is None:
        raise BadOrder("no such person", code="bad_button")
    return user


async def on_invite(call: Call) -> Reply:
    """Make a link that lets one person in."""
    role = _GIVEN.get(call.argument(0))
    if role not in {Role.TRADER, Role.VIEWER}:
        raise BadOrder("no such role", code="bad_button")
    code = await call.store.invites.create(call.user_id, role, lifetime_s=_INVITATION.total_seconds())
    await call.store.audit.add("invited", actor_id=call.user_id, role=role.value)
    return invitation_view(call.t, call.services.link(code), role.value, call.services.now() + _INVITATION)


async def on_audit(call: Call) -> Reply:
    """Show what was done lately."""
    entries = await call.store.audit.latest(_AUDIT_ROWS)
    rows = [(datetime.fromtimestamp(e.at_ms / 1000, UTC), str(e.actor_id or "—"), e.action) for e in entries]
    return audit_view(call.t, rows)


async def on_halt(call: Call) -> Reply:
    """Ask before new trades are stopped, or taken again, for everybody."""
    if await _is_halted(call):
        return await plan(call, "resume_all", {}, resume_all_plan(call.t), None)
    return await plan(call, "halt", {}, halt_plan(call.t), None)


async def _halt(call: Call, _payload: Payload, _token: str) -> Screen:
    await call.store.trading.restrict(EVERYBODY, _HALTED, TradingState.HALTED, by_user_id=call.user_id)
    await call.store.audit.add(_HALTED, actor_id=call.user_id)
    await _tell_everybody(call, _HALTED)
    return await people_screen(call)


async def _resume_all(call: Call, _payload: Payload, _token: str) -> Screen:
    for reason in _LIFTED:
        await call.store.trading.lift(EVERYBODY, reason)
    await call.store.audit.add(_RESUMED, actor_id=call.user_id)
    await _tell_everybody(call, _RESUMED)
    return await people_screen(call)


async def _tell_everybody(call: Call, what: str) -> None:
    """Tell whoever may trade, but the owner who did it, that new trades stopped or are taken again."""
    for user in await call.store.users.list_all():
        if user.role in _TRADERS and user.user_id != call.user_id:
            key = f"{what}:{call.cause}:{user.user_id}"
            await call.store.outbox.add(Message(chat_id=user.user_id, key=key, body={"kind": what}))


HALT = Deed(kind="halt", run=_halt, needs=Need.OWNER)
RESUME_ALL = Deed(kind="resume_all", run=_resume_all, needs=Need.OWNER)
