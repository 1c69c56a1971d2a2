"""The closed door, invitations, and who is who."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from telegram_ui.buttons import action, back_button, danger, home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Html, Screen, bold, code, dotted, lines
from telegram_ui.texts import N_, Texts

ROLE_WORDS = {
    "admin": N_("owner"),
    "trader": N_("trader"),
    "viewer": N_("viewer"),
    "pending": N_("not let in"),
    "banned": N_("shut out"),
    "deleted": N_("gone"),
}


def refused_view(t: Texts) -> Screen:
    """Tell a stranger, politely, that this bot is somebody's own."""
    return Screen(text=t("This bot is private. Ask its owner for an invitation link."))


def private_only_view(t: Texts) -> Screen:
    """Tell a group that money is not talked about there."""
    return Screen(text=t("I work in private chats only."))


def invite_refused_view(t: Texts) -> Screen:
    """Say that a link does not open the door."""
    return Screen(text=t("This link has been used or is too old. Ask the owner for a new one."))


def not_allowed_view(t: Texts) -> Screen:
    """Say that a role does not cover something."""
    return Screen(text=t("Your role does not allow this; ask the owner."), keyboard=((home_button(t),),))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person as the owner sees them."""

    user_id: int
    name: str
    role: str


def whoami_view(t: Texts, person: PersonRow) -> Screen:
    """Tell somebody who they are to this bot."""
    return Screen(
        text=lines(
            bold(t("You are {name}", name=person.name or str(person.user_id))),
            t("Telegram id {id}", id=code(str(person.user_id))),
            t("Role: {role}", role=t(ROLE_WORDS[person.role])),
        ),
        keyboard=((home_button(t),),),
    )


def people_view(t: Texts, people: Sequence[PersonRow], *, is_halted: bool) -> Screen:
    """List everybody, with a button to change each."""
    rows = tuple(
        (
            Button(
                text=dotted(person.name or str(person.user_id), t(ROLE_WORDS[person.role])),
                action=action("who", person.user_id),
            ),
        )
        for person in people
    )
    invites = (
        Button(text=t("Invite a trader"), action=action("inv", "trader")),
        Button(text=t("Invite a viewer"), action=action("inv", "viewer")),
    )
    halt = Button(text=t("Take new trades"), action="halt") if is_halted else danger(t("Stop new trades"), "halt")
    return Screen(
        text=lines(
            bold(t("People")),
            t.plural("{count} person", "{count} people", len(people)),
            t("🛑 New trades are stopped for everybody.") if is_halted else None,
        ),
        keyboard=(*rows, invites, (Button(text=t("What was done"), action="audit"), halt), (home_button(t),)),
    )


def person_view(t: Texts, person: PersonRow, *, is_self: bool, is_paused: bool = False) -> Screen:
    """Show one person and what the owner may do about them."""
    choices = [role for role in ("trader", "viewer", "banned") if role != person.role]
    buttons = tuple(Button(text=_ROLE_ACTS[role](t), action=action("role", person.user_id, role)) for role in choices)
    return Screen(
        text=lines(
            bold(person.name or str(person.user_id)),
            t("Telegram id {id}", id=code(str(person.user_id))),
            t("Role: {role}", role=t(ROLE_WORDS[person.role])),
            t("⏸ Takes no new risk until you say otherwise; closing works.") if is_paused else None,
        ),
        keyboard=(
            *(((*buttons,), (_pause_button(t, person, is_paused=is_paused),)) if not is_self else ()),
            (back_button(t, "people"),),
        ),
    )


def _pause_button(t: Texts, person: PersonRow, *, is_paused: bool) -> Button:
    if is_paused:
        return Button(text=t("Let them trade"), action=action("who", person.user_id, "resume"))
    return danger(t("Pause them"), action("who", person.user_id, "pause"))


_ROLE_ACTS = {
    "trader": lambda t: t("Make trader"),
    "viewer": lambda t: t("Make viewer"),
    "banned": lambda t: t("Shut out"),
}


def invitation_view(t: Texts, link: str, role: str, expires_at: datetime) -> Screen:
    """Show a link that lets one person in, once."""
    return Screen(
        text=blocks(
            lines(bold(t("An invitation for one {role}", role=t(ROLE_WORDS[role]))), code(link)),
            t("It works once, until {time}.", time=t.moment(expires_at)),
        ),
        keyboard=((Button(text=t("Copy the link"), copied_text=link),), (back_button(t, "people"),)),
    )


def audit_view(t: Texts, entries: Sequence[tuple[datetime, str, str]]) -> Screen:
    """List what was done lately, newest first."""
    rows = [Html(f"{t.moment(at)} · ") + dotted(who, what) for at, who, what in entries]
    return Screen(
        text=lines(bold(t("What was done lately")), *(rows or [t("Nothing yet.")])),
        keyboard=((back_button(t, "people"),),),
    )
