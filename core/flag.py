"""What USE_UNIFIED can say: everybody, nobody, a share of the users, or users by their ids."""

import hashlib
from dataclasses import dataclass

_WORDS = {**dict.fromkeys(("1", "true", "yes", "on"), 100), **dict.fromkeys(("0", "false", "no", "off"), 0)}
EVERYBODY, NOBODY = 100, 0
_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Rollout:
    """Who is on the unified path: a share of all users, or the users named."""

    percent: int
    users: frozenset[int] = frozenset()

    def covers(self, user_id: int) -> bool:
        """Whether a user is on the unified path; always the same answer for the same rollout."""
        if self.users:
            return user_id in self.users
        digest = hashlib.sha256(str(user_id).encode()).digest()
        return int.from_bytes(digest[:4], "big") % _BUCKETS < self.percent * _BUCKETS // 100

    @property
    def words(self) -> str:
        """How it is written in the setting."""
        if self.users:
            return ",".join(str(user) for user in sorted(self.users))
        return {EVERYBODY: "true", NOBODY: "false"}.get(self.percent, f"{self.percent}%")


def parse_rollout(text: str) -> Rollout:
    """Read the flag.

    Raises:
        ValueError: It is none of the accepted forms; nothing starts on a guess.
    """
    word = text.strip().lower()
    if word in _WORDS:
        return Rollout(_WORDS[word])
    if word.endswith("%") and word[:-1].isdecimal() and word.isascii() and int(word[:-1]) <= 100:
        return Rollout(int(word[:-1]))
    parts = [part.strip() for part in word.split(",")]
    if word.isascii() and all(part.isdecimal() and int(part) > 100 for part in parts):
        return Rollout(NOBODY, frozenset(int(part) for part in parts))
    raise ValueError(f"expected true, false, a share such as 25% or user ids, was {text[:32]!r}")
