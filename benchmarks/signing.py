"""What signing one HyperLiquid order costs: ours, the official SDK's with coincurve, and the SDK's as it installs.

    python -m benchmarks.signing [--orders N]

Every variant signs the same orders in one process, taking turns, and the signatures are compared before anything is
reported. CPU time per order, the median of the rounds; trust the ratios more than the microseconds.
"""

import argparse
import importlib.metadata
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import msgspec
from eth_account import Account
from hyperliquid.utils import signing as sdk
from hyperliquid.utils.types import Cloid

from exchanges.hyperliquid_actions import to_wire
from exchanges.hyperliquid_keys import parse_key
from exchanges.hyperliquid_signing import signed_body
from models.enums import ContractKind, InstrumentStatus, OrderSide, OrderType
from models.market import Instrument
from models.requests import OrderRequest

KEY: Final = "0x" + "01" * 32  # public and fake: it opens nothing anywhere
FIRST_NONCE: Final = 1_790_000_000_000
ROUNDS: Final = 7
GOAL_OVER_PLAIN: Final = 80
GOAL_OVER_COINCURVE: Final = 8

BTC: Final = Instrument(
    exchange="hyperliquid",
    symbol="BTCUSDT",
    native_symbol="BTC",
    base="BTC",
    quote="USDC",
    settle="USDC",
    kind=ContractKind.LINEAR_PERPETUAL,
    status=InstrumentStatus.TRADING,
    size_step=Decimal("0.00001"),
    min_size=Decimal("0.00001"),
    asset_id=0,
)


def orders(count: int) -> list[OrderRequest]:
    """Return limit orders that all differ."""
    return [
        OrderRequest(
            instrument=BTC,
            side=OrderSide.BUY if number % 2 else OrderSide.SELL,
            size=Decimal(number + 1) / 1000,
            order_type=OrderType.LIMIT,
            client_order_id=f"0x{number:032x}",
            price=Decimal(60_000 + number),
        )
        for number in range(count)
    ]


Sign = Callable[[OrderRequest, int], Any]


def ours() -> Sign:
    """Return the adapter's way, from the order to the bytes that leave."""
    key = parse_key(KEY)

    def sign(order: OrderRequest, nonce: int) -> Any:
        return signed_body(key, to_wire(order), nonce=nonce, vault_address=None, expires_after=None, is_mainnet=False)

    return sign


def the_sdks(backend: str) -> Sign:
    """Return the SDK's way, from the order's numbers to the signed payload, on one of eth-keys' backends."""
    wallet = Account.from_key(KEY)
    wire: Callable[..., Any] = sdk.order_request_to_order_wire
    action_of: Callable[..., Any] = sdk.order_wires_to_order_action
    sign_action: Callable[..., Any] = sdk.sign_l1_action

    def sign(order: OrderRequest, nonce: int) -> Any:
        os.environ["ECC_BACKEND_CLASS"] = f"eth_keys.backends.{backend}"
        request = {
            "coin": "BTC",
            "is_buy": order.side is OrderSide.BUY,
            "sz": float(order.size),
            "limit_px": float(order.price or 0),
            "order_type": {"limit": {"tif": "Gtc"}},
            "reduce_only": False,
            "cloid": Cloid.from_str(order.client_order_id),
        }
        action = action_of([wire(request, 0)], None, "na")
        return action, nonce, sign_action(wallet, action, None, nonce, None, False)

    return sign


@dataclass(slots=True)
class Variant:
    """One way of signing and what it took."""

    name: str
    sign: Sign
    share: float
    """Which part of the orders it signs: slow ones do fewer, and are compared on those."""
    seconds: list[float] = field(default_factory=list)

    def run(self, batch: list[OrderRequest]) -> list[Any]:
        """Sign the batch, keep what one order took, and return the results."""
        batch = batch[: max(int(len(batch) * self.share), 1)]
        began = time.process_time()
        results = [self.sign(order, FIRST_NONCE + number) for number, order in enumerate(batch)]
        self.seconds.append((time.process_time() - began) / len(batch))
        return results

    @property
    def microseconds(self) -> float:
        """Return the median cost of one order."""
        return statistics.median(self.seconds) * 1e6


def signatures(results: list[Any]) -> list[Any]:
    """Return the signatures, whichever way they were made."""
    return [msgspec.json.decode(result)["signature"] if isinstance(result, bytes) else result[2] for result in results]


def main() -> None:
    """Measure, compare and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=400)
    batch = orders(parser.parse_args().orders)
    variants = [
        Variant("ours", ours(), 1.0),
        Variant("SDK with coincurve", the_sdks("CoinCurveECCBackend"), 1.0),
        Variant("SDK, pure Python", the_sdks("NativeECCBackend"), 0.1),
    ]
    for _ in range(ROUNDS):
        found = [signatures(variant.run(batch)) for variant in variants]
        for other in found[1:]:
            if found[0][: len(other)] != other:
                raise SystemExit("the signatures differ: nothing to compare")
    report(variants, len(batch))


def report(variants: list[Variant], count: int) -> None:
    """Print what was measured against the goals."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("hyperliquid-python-sdk", "eth-account", "coincurve", "safe-pysha3", "msgspec")
    )
    print(f"{count} orders, {ROUNDS} rounds, identical signatures; {versions}")
    mine = variants[0].microseconds
    for variant in variants:
        print(f"{variant.name:20s} {variant.microseconds:9.1f} µs  {variant.microseconds / mine:6.1f}x")
    goals = (GOAL_OVER_COINCURVE, GOAL_OVER_PLAIN)
    for variant, goal in zip(variants[1:], goals, strict=True):
        reached = variant.microseconds / mine >= goal
        print(f"goal: {goal}x over {variant.name}: {'reached' if reached else 'MISSED'}")


if __name__ == "__main__":
    main()
