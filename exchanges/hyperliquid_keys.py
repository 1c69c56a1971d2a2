"""HyperLiquid's addresses and the key that signs.

Three addresses meet in one account and must not be mixed up: the *agent* signs, the *master* owns the money, and a
*vault* or sub-account may be traded for it. Everything that is read is read by `AccountAddress`: asking for the agent's
own address answers with empty lists, which looks like an account without orders.
"""

import re
from collections.abc import Mapping
from typing import Final, NewType

from coincurve import PrivateKey
from sha3 import keccak_256

from models.errors import NoCredentials

AgentAddress = NewType("AgentAddress", str)
AccountAddress = NewType("AccountAddress", str)
"""Whose money, positions and orders are read: the master, or the vault or sub-account traded. Never the agent."""

_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}", re.ASCII)
_KEY: Final = re.compile(r"(?:0x)?([0-9a-f]{64})", re.ASCII)


class AgentKey:
    """The private key of an API wallet. Its repr shows the address alone."""

    __slots__ = ("_key", "address")

    def __init__(self, secret: bytes) -> None:
        self._key = PrivateKey(secret)
        public = self._key.public_key.format(compressed=False)
        self.address = AgentAddress("0x" + keccak_256(public[1:]).hexdigest()[-40:])

    def sign_digest(self, digest: bytes) -> bytes:
        """Return r, s and the recovery id of a 32-byte digest."""
        signature: bytes = self._key.sign_recoverable(digest, hasher=None)
        return signature

    def __repr__(self) -> str:
        return f"AgentKey({self.address})"


def parse_key(text: str) -> AgentKey:
    """Read a private key: 64 hexadecimal digits, with or without `0x`.

    Raises:
        NoCredentials: It is none. The message never holds the text.
    """
    match = _KEY.fullmatch(text.strip().lower())
    if match is None:
        raise NoCredentials(
            "private_key: expected 64 hexadecimal digits, with or without 0x in front", code="bad_private_key"
        )
    try:
        return AgentKey(bytes.fromhex(match[1]))
    except ValueError:
        # the cause is dropped: its traceback holds the key
        raise NoCredentials("private_key: this number is not a valid key", code="bad_private_key") from None


def parse_address(text: str, name: str) -> str:
    """Read an address in lower case, which is how the venue writes it.

    Raises:
        NoCredentials: It is none. The message never holds the text: people paste keys into the wrong field.
    """
    address = text.strip().lower()
    if _ADDRESS.fullmatch(address) is None:
        raise NoCredentials(f"{name}: expected 0x and 40 hexadecimal digits", code="bad_address", name=name)
    return address


class Wallet:
    """Everything one account signs and reads with.

    Args:
        values: `private_key` of the agent; `account_address`, the master's, which is asked from the venue where it is
            missing; `vault_address`, only to trade a vault or a sub-account.

    Raises:
        NoCredentials: A field is missing or malformed; the message names it.
    """

    __slots__ = ("key", "master", "vault")

    def __init__(self, values: Mapping[str, str]) -> None:
        secret = values.get("private_key", "")
        if not secret:
            raise NoCredentials("private_key: missing", code="no_credentials")
        self.key = parse_key(secret)
        master = values.get("account_address", "")
        vault = values.get("vault_address", "")
        self.master = AccountAddress(parse_address(master, "account_address")) if master else None
        self.vault = AccountAddress(parse_address(vault, "vault_address")) if vault else None

    @property
    def is_master_key(self) -> bool:
        """Whether the key given is the wallet itself, which can withdraw, and not an agent of it."""
        return self.master is not None and str(self.master) == str(self.key.address)

    def __repr__(self) -> str:
        return f"Wallet(agent={self.key.address}, master={self.master}, vault={self.vault})"
