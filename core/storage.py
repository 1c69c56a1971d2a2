"""The database's own errors, for shells that never see the database."""

from db import StorageRefused, StorageUnavailable

__all__ = ["StorageRefused", "StorageUnavailable"]
