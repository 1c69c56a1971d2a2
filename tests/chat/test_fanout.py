"""One ticket, several accounts: each is listed, sent, refused and reported for itself."""

from pathlib import Path

from sandbox.server import Sandbox
from sandbox.telegram import people
from tests.chat.rig import Phone, Rig, eventually, running_bot

BOTH = "on bybit,hyperliquid"


def sent(rig: Rig) -> tuple[int, int]:
    """Return how many orders reached Bybit and HyperLiquid."""
    found = rig.sandbox.world.journal.find(venue="hyperliquid", text='"grouping"')
    return rig.sent_to_bybit(), len(list(found))


async def test_ticket_goes_to_each_account_once_and_each_is_reported(rig: Rig, owner: Phone) -> None:
    preview = await owner.says(f"/buy BTC 200$ 5x sl 2% {BOTH}")
    assert (preview.text.count("Buy 0.00"), preview.text.count("liquidation")) == (2, 2)
    assert ("Bybit · 🟡 PAPER" in preview.text, "HyperLiquid · 🟡 PAPER" in preview.text) == (True, True)
    assert sent(rig) == (0, 0)
    data = next(data for text, data in preview.buttons.items() if "2 accounts" in text)
    handled = rig.app.intake.handled
    for _ in range(3):
        people.press(rig.state, owner.user_id, preview.message_id, data, stale=True)
    await eventually(lambda: rig.app.intake.handled == handled + 3)
    assert owner.last().text.count("✅ Bought") == 2
    assert sent(rig) == (1, 1)


async def test_account_whose_venue_lacks_the_market_is_told_and_left_out(rig: Rig, owner: Phone) -> None:
    preview = await owner.says("/buy TRX 200$ sl 2% on bybit,okx")
    assert "Buy " in preview.text
    assert "❌ Not on this account: There is no market “TRX” here" in preview.text
    done = await owner.taps("✅")
    assert (done.text.count("✅ Bought"), "OKX" in done.text) == (1, False)
    assert "no market “NOSUCHCOIN”" in (await owner.says("/buy NOSUCHCOIN 100$ on all")).text
    assert not any(data.startswith("ok|") for data in owner.last().buttons.values())
    assert "no place “binance”" in (await owner.says("/buy BTC 100$ on binance")).text


async def test_leg_in_doubt_or_refused_hides_no_other(rig: Rig, owner: Phone) -> None:
    await owner.says(f"/buy BTC 200$ sl 2% {BOTH}")
    rig.sandbox.fault("close_before", match="POST /v5/order/create")
    done = await owner.taps("✅")
    assert ("Being checked" in done.text, done.text.count("✅ Bought")) == (True, 1)
    await owner.says("/buy ETH 200$ sl 2% on hyperliquid,okx")
    rig.sandbox.fault("error_before", venue="okx", match="*", count=None)
    again = await owner.taps("✅")
    assert "Not every account answers now" in again.text
    assert "❌ Not on this account" in again.text
    done = await owner.taps("✅")
    assert done.text.count("✅ Bought") == 1


async def test_ticked_accounts_are_where_everything_happens(rig: Rig, owner: Phone) -> None:
    await owner.says("/exchange")
    await owner.taps("Several accounts")
    ticked = await owner.taps("☐ HyperLiquid")
    assert ("☑ Bybit" in ticked.text, "☑ HyperLiquid" in ticked.text) == (True, True)
    await owner.taps("Trade panel")
    preview = await owner.taps("Preview")
    assert preview.text.count("Price") == 2
    balance = await owner.says("/balance")
    assert (balance.text.count("Equity"), "Together" in balance.text) == (2, False)
    await owner.says("/accounts")
    await owner.taps("Where you trade")
    await owner.taps("☑ HyperLiquid")
    await owner.taps("☑ Bybit")
    assert owner.note() == "At least one account stays ticked."
    assert "☑ OKX" in (await owner.says("/exchange all")).text
    assert "Venue: HyperLiquid" in (await owner.says("/exchange hyperliquid")).text
    assert (await owner.says("/balance")).text.count("Equity") == 1


async def test_level_for_a_market_held_twice_asks_which_and_keeps_what_was_written(rig: Rig, owner: Phone) -> None:
    await owner.says("/exchange bybit,hyperliquid")
    for written, kept in (("/sl BTC 3%", "stop at"), ("/tp BTC 5%", "target at"), ("/be BTC", "stop at")):
        asked = await owner.says(written)
        assert "Which position?" in asked.text
        assert [text for text in asked.buttons if "LONG" in text] == [
            "BTCUSDT 🟢 LONG · Bybit PAPER",
            "BTCUSDT 🟢 LONG · HyperLiquid PAPER",
        ]
        assert kept in (await owner.taps("HyperLiquid PAPER")).text.lower(), written
    await owner.says("/trail BTC 2%")
    assert "Trailing stop" in (await owner.taps("Bybit PAPER")).text


async def test_refusal_is_said_once_for_all_accounts_and_leads_on(rig: Rig, owner: Phone) -> None:
    await owner.says("/pause")
    refused = await owner.says(f"/buy BTC 200$ {BOTH}")
    assert refused.text.count("Only closing works now") == 1
    assert "Resumed" in (await owner.taps("Resume")).text
    gone = await owner.says("/close DOGE")
    assert "You hold no DOGE in the chosen accounts." in gone.text
    assert "For example" not in gone.text
    assert "BTCUSDT" in (await owner.taps("All positions")).text


async def test_close_takes_its_share_of_each_account_and_panic_takes_all(rig: Rig, owner: Phone) -> None:
    await owner.says(f"/buy SOL 400$ sl 2% {BOTH}")
    await owner.taps("✅")
    preview = await owner.says(f"/close SOL 50% {BOTH}")
    assert preview.text.count("50% of it") == 2
    assert "2 accounts" in " ".join(preview.buttons)
    assert (await owner.taps("✅")).text.count("✅ Sold") == 2
    plan = await owner.says("/lev SOL 4 on bybit,hyperliquid")
    assert "HyperLiquid" in plan.text
    assert (await owner.taps("✅")).text.count("✅ Done") == 2
    await owner.says("/panic")
    await owner.taps("✅")
    assert "LONG" not in (await owner.says("/positions all")).text


async def test_several_accounts_go_the_direct_path_too(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_bot(sandbox, tmp_path, use_unified="false") as rig:
        preview = await rig.owner.says("/buy BTC 200$ sl 2% on all")
        assert (preview.text.count("Buy 0.00"), preview.text.count("❌ Not on this account")) == (2, 1)
        assert (await rig.owner.taps("✅")).text.count("✅ Bought") == 2
        assert sent(rig) == (1, 1)
