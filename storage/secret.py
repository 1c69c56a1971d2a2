"""A text that must not be shown. Its repr, its str and its formatting are stars; `reveal()` is the one way out."""

import hmac


class Secret:
    """Holds one secret. Two secrets compare in constant time."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text. Call it as late as possible and keep the result in no attribute."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash would let a set or a cache keep it

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled or copied")
