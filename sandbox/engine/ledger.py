"""The venue's append-only ledger: what really happened, for tests to ask."""

from collections.abc import Mapping
from decimal import Decimal

from sandbox.engine.records import LedgerLine
from sandbox.words import LedgerKind


class Ledger:
    """Every change at one venue, in order. Lines are only ever added."""

    def __init__(self) -> None:
        self._lines: list[LedgerLine] = []
        self._seq = 0

    def add(
        self,
        *,
        time_ms: int,
        account_id: str,
        kind: LedgerKind,
        symbol: str = "",
        coin: str = "",
        amount: Decimal | None = None,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Write one line."""
        self._seq += 1
        self._lines.append(
            LedgerLine(
                seq=self._seq,
                time_ms=time_ms,
                account_id=account_id,
                kind=kind,
                symbol=symbol,
                coin=coin,
                amount=amount,
                detail=detail or {},
            )
        )

    def lines(
        self, *, account_id: str | None = None, kind: LedgerKind | None = None, after: int = 0
    ) -> list[LedgerLine]:
        """Lines in order, of one account or kind when asked, with a sequence number above ``after``."""
        return [
            line
            for line in self._lines
            if line.seq > after and account_id in {None, line.account_id} and kind in {None, line.kind}
        ]

    def restore(self, lines: list[LedgerLine]) -> None:
        """Start from the lines of a snapshot."""
        self._lines = list(lines)
        self._seq = lines[-1].seq if lines else 0

    @property
    def last_seq(self) -> int:
        """Number of the newest line."""
        return self._seq
