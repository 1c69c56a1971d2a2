"""Turns drawings into PNG, in one process of its own: the renderer holds Python's lock while it works.

The process is started when the first picture is asked for, and again if it died.
"""

import asyncio
import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Self

from pictures.svg import FONT, Markup

logger = logging.getLogger(__name__)

_FONTS = tuple(str(path) for path in sorted((Path(__file__).parent / "vendor").glob("*.ttf")))
_PATIENCE_S = 20.0


class PictureFailed(Exception):
    """A picture could not be made; what it shows has to be told in words alone."""


class Painter:
    """Makes pictures, one after the other."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def paint(self, drawing: Markup) -> bytes:
        """Return a drawing as PNG.

        Raises:
            PictureFailed: The renderer refused it, died, or took too long.
        """
        for is_last in (False, True):
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    work = asyncio.get_running_loop().run_in_executor(self._running(), render, str(drawing))
                    return await work
            except BrokenProcessPool:  # it was killed, perhaps for want of memory
                self._drop()
                if is_last:
                    break
            except TimeoutError:
                self._drop()
                break
            except ValueError as e:
                raise PictureFailed(str(e)) from e
        logger.warning("picture not made")
        raise PictureFailed("the renderer does not answer")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the process."""
        self._drop()

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        return self._pool

    def _drop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def render(drawing: str) -> bytes:
    """Return a drawing as PNG; runs in the painter's process."""
    import resvg_py  # noqa: PLC0415 - only the process that renders pays for it

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=drawing,
            skip_system_fonts=True,
            font_files=list(_FONTS),
            font_family=FONT,
            sans_serif_family=FONT,
        )
    )
