"""Codes and roles."""

from dataclasses import replace

from db import Role, Store
from telegram_app.access import OWNER_CODE_LIFETIME_S, Access, OwnerCode
from telegram_app.incoming import Sender

SENDER = Sender(user_id=5, language_code="uk", username=None, first_name="A\nB\u202e" + "x" * 100)


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_owner_code_works_once_and_for_a_quarter_of_an_hour() -> None:
    watch = Watch()
    code = OwnerCode(watch)
    first = code.renew()
    assert len(first) >= 16
    assert not code.redeem("")
    assert not code.redeem(first[:-1])
    assert code.redeem(first)
    assert not code.redeem(first)
    late = code.renew()
    watch.seconds += OWNER_CODE_LIFETIME_S
    assert not code.redeem(late)


def test_renewed_code_ends_the_one_before() -> None:
    code = OwnerCode()
    old, new = code.renew(), code.renew()
    assert not code.redeem(old)
    assert code.redeem(new)


def test_no_code_opens_nothing() -> None:
    assert not OwnerCode().redeem("")


async def test_name_fits_one_line(store: Store) -> None:
    person, _ = await Access(store, OwnerCode()).know(SENDER)
    assert person.role is Role.PENDING
    assert person.name == "A B " + "x" * 36


async def test_language_is_the_apps_until_one_is_chosen(store: Store) -> None:
    access = Access(store, OwnerCode())
    _, words = await access.know(replace(SENDER, language_code="uk-UA"))
    assert words.language == "uk"
    _, words = await access.know(replace(SENDER, language_code="de"))
    assert words.language == "en"
    await store.users.set_role(5, Role.TRADER)
    await store.users.set_language(5, "ru")
    _, words = await access.know(SENDER)
    assert words.language == "ru"
    assert (await access.texts(5)).language == "ru"


def test_stranger_is_answered_once_an_hour(store: Store) -> None:
    watch = Watch()
    access = Access(store, OwnerCode(), clock=watch)
    assert access.may_refuse(9)
    assert not access.may_refuse(9)
    watch.seconds += 3601
    assert access.may_refuse(9)
