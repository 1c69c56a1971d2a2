"""Keys at rest: AES-256-GCM, each value bound to its place, under a key that is never in the database.

A key-encryption key (KEK) wraps one data key per user; the data key seals that user's fields. Dropping a data key makes
everything sealed under it unreadable for ever, in old backups too. The additional data of every seal names whose value
it is, so a row that is copied to another user, account or field does not open there.

The KEK comes from the service manager's credential `kek`, or from `kek.key` in the data directory, which is created at
the first start. Keep one copy of it elsewhere, and never beside a copy of the database.
"""

import asyncio
import base64
import binascii
import hashlib
import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db import SealBroken, SealedField, Secret, StorageRefused, Store, WrappedKey

logger = logging.getLogger(__name__)

KEY_FILE = "kek.key"
CREDENTIAL = "kek"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = "v1"
_CHECK = b"this key opens this database"


class Vault:
    """Seals and opens; a data key never leaves it unwrapped.

    Args:
        keys: Key-encryption keys, the newest first. Older ones still open what they wrapped.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {kek_id(key): AESGCM(key) for key in keys}
        self.kek_id = kek_id(keys[0])
        """The newest key's name; it says nothing of the key."""

    def __repr__(self) -> str:
        return f"Vault({self.kek_id})"

    def new_key(self, user_id: int) -> WrappedKey:
        """Make a data key for a user, wrapped by the newest key."""
        return self._wrap(user_id, AESGCM.generate_key(bit_length=256))

    def rewrap(self, user_id: int, key: WrappedKey) -> WrappedKey:
        """Wrap a data key by the newest key; one that is, stays as it is."""
        return key if key.kek_id == self.kek_id else self._wrap(user_id, self._unwrap(user_id, key))

    def seal(self, key: WrappedKey, field: SealedField, value: Secret) -> bytes:
        """Encrypt a value for one field of one account."""
        data_key = self._unwrap(field.account.user_id, key)
        return _seal(AESGCM(data_key), value.reveal().encode(), _place(field))

    def open(self, key: WrappedKey, field: SealedField, sealed: bytes) -> Secret:
        """Decrypt a value in its place.

        Raises:
            SealBroken: It was changed, belongs elsewhere, or its key is not here.
        """
        data_key = self._unwrap(field.account.user_id, key)
        return Secret(_open(AESGCM(data_key), sealed, _place(field)).decode())

    def make_check(self) -> bytes:
        """Return a value by which the newest key is recognised at the next start."""
        return _seal(self._ciphers[self.kek_id], _CHECK, f"{_VERSION}|check")

    def passes(self, kek: str, sealed: bytes) -> bool:
        """Return whether the key named `kek` is here and made this check value."""
        cipher = self._ciphers.get(kek)
        if cipher is None:
            return False
        try:
            return _open(cipher, sealed, f"{_VERSION}|check") == _CHECK
        except SealBroken:
            return False

    def _wrap(self, user_id: int, data_key: bytes) -> WrappedKey:
        wrapped = _seal(self._ciphers[self.kek_id], data_key, _owner(user_id, self.kek_id))
        return WrappedKey(kek_id=self.kek_id, wrapped=wrapped)

    def _unwrap(self, user_id: int, key: WrappedKey) -> bytes:
        cipher = self._ciphers.get(key.kek_id)
        if cipher is None:
            raise SealBroken(f"the key-encryption key {key.kek_id} is not here")
        return _open(cipher, key.wrapped, _owner(user_id, key.kek_id))


async def open_vault(store: Store, data_dir: Path, credentials_dir: Path | None = None) -> Vault:
    """Open the vault and let the store seal with it.

    Args:
        store: The open database.
        data_dir: Where the key file is, or is created.
        credentials_dir: Where a service manager put its credentials, if there is one.

    Raises:
        StorageRefused: The key is missing, wrong, or readable by others; the sentence says what to do.
    """
    keys = await asyncio.to_thread(_find_keys, data_dir, credentials_dir)
    if keys is None:
        if await store.credentials.holds_any():
            raise StorageRefused(f"{data_dir / KEY_FILE}: missing, but keys are stored under it; bring the copy back")
        keys = await asyncio.to_thread(_create_key_file, data_dir / KEY_FILE)
    vault = Vault(keys)
    checks = await store.credentials.checks()
    if checks and not any(vault.passes(kek, sealed) for kek, sealed in checks.items()):
        raise StorageRefused(f"{data_dir / KEY_FILE}: not the key that this database was sealed under")
    if vault.kek_id not in checks:
        await store.credentials.add_check(vault.kek_id, vault.make_check())
    store.credentials.use(vault)
    return vault


async def rotate_key(store: Store, data_dir: Path) -> Vault:
    """Wrap every data key by a new key-encryption key and drop the old one from the key file.

    A kill at any point leaves a key file that opens everything. A process that runs beside this must be restarted.

    Raises:
        StorageRefused: The key comes from the service manager, who must rotate it.
    """
    path = data_dir / KEY_FILE
    if not path.exists():
        raise StorageRefused(f"{path}: not there; rotate the credential of the service instead")
    old = await asyncio.to_thread(read_key_file, path)
    new = [AESGCM.generate_key(bit_length=256), *old]
    await asyncio.to_thread(_replace_key_file, path, new)
    vault = await open_vault(store, data_dir)
    rewrapped = await store.credentials.rewrap_all()
    await store.credentials.keep_check(vault.kek_id)
    await asyncio.to_thread(_replace_key_file, path, new[:1])
    logger.info("key-encryption key rotated", extra={"kek_id": vault.kek_id, "users": rewrapped})
    return vault


def kek_id(key: bytes) -> str:
    """Return a key's name: a fingerprint that does not help to guess it."""
    return hashlib.sha256(b"elcaro kek id" + key).hexdigest()[:12]


def read_key_file(path: Path) -> list[bytes]:
    """Read a key file: one base64 key per line, the newest first.

    Raises:
        StorageRefused: Others can read it, or it holds something else.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise StorageRefused(f"{path}: others may read it (mode {mode:o}); run: chmod 600 {path}")
    return _parse(path)


def _find_keys(data_dir: Path, credentials_dir: Path | None) -> list[bytes] | None:
    credential = None if credentials_dir is None else credentials_dir / CREDENTIAL
    key_file = data_dir / KEY_FILE
    given = _parse(credential) if credential is not None and credential.exists() else None
    kept = read_key_file(key_file) if key_file.exists() else None
    if given and kept and given[0] != kept[0]:
        raise StorageRefused(f"{key_file}: differs from the service's credential `kek`; remove the wrong one")
    return given or kept


def _parse(path: Path) -> list[bytes]:
    try:
        keys = [base64.b64decode(line, validate=True) for line in path.read_text(encoding="ascii").split()]
    except (binascii.Error, UnicodeDecodeError):
        keys = []
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise StorageRefused(f"{path}: expected base64 of {_KEY_BYTES} bytes; bring the copy of the key back")
    return keys


def _create_key_file(path: Path) -> list[bytes]:
    """Create the file whole or not at all; of two processes that start together, both use the first one's key."""
    temporary = _write_aside(path, [AESGCM.generate_key(bit_length=256)])
    try:
        os.link(temporary, path)
        logger.warning("key file created; keep a copy of it away from the backups", extra={"path": str(path)})
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return read_key_file(path)


def _replace_key_file(path: Path, keys: Sequence[bytes]) -> None:
    _write_aside(path, keys).replace(path)


def _write_aside(path: Path, keys: Sequence[bytes]) -> Path:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(base64.b64encode(key).decode() + "\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _seal(cipher: AESGCM, plain: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, place.encode())


def _open(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError) as e:
        raise SealBroken("a sealed value does not open in its place") from e


def _place(field: SealedField) -> str:
    account = field.account
    return f"{_VERSION}|user:{account.user_id}|{account.exchange}|{account.account_type}|{field.name}"


def _owner(user_id: int, kek: str) -> str:
    return f"{_VERSION}|user:{user_id}|data-key|kek:{kek}"
