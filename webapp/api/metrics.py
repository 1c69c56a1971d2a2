"""The counts of this process, for this machine only."""

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from webapp.metrics import CONTENT_TYPE, is_from_this_machine
from webapp.parts import Running

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(parts: Running, request: Request) -> Response:
    """Return every count; to anybody else there is no such page."""
    if not is_from_this_machine(request):
        raise HTTPException(404)
    parts.meter.found(await parts.runtime.jobs.rounds.now())
    return Response(parts.meter.text(), headers={"Content-Type": CONTENT_TYPE})
