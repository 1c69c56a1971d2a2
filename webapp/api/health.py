"""Whether this process is alive, and whether it can do its work."""

from http import HTTPStatus

from fastapi import APIRouter, Request

from core.runtime import Runtime
from webapp.answers import Json

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Json:
    """Tell that the process answers."""
    return Json({"status": "alive"})


@router.get("/readyz")
async def readyz(request: Request) -> Json:
    """Tell whether the database answers."""
    runtime: Runtime = request.app.state.runtime
    await runtime.store.settings.everyone_with("zone")
    return Json({"status": "ready"}, status_code=HTTPStatus.OK)
