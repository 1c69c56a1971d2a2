"""Whether this process is alive, and whether it can do its work."""

from http import HTTPStatus

from fastapi import APIRouter

from webapp.answers import Json
from webapp.parts import Running

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Json:
    """Tell that the process answers."""
    return Json({"status": "alive"})


@router.get("/readyz")
async def readyz(parts: Running) -> Json:
    """Tell whether the database answers."""
    await parts.runtime.store.settings.everyone_with("zone")
    return Json({"status": "ready"}, status_code=HTTPStatus.OK)
