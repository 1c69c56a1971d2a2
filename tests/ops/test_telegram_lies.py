"""Answers of Telegram that are no answers: the bot asks again, and lives."""

from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.chat.rig import running_bot


@pytest.mark.parametrize("kind", ["object", "null", "list", "empty", "invalid_json", "html_after", "code_after"])
async def test_answer_that_is_none_does_not_end_polling(sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    async with running_bot(sandbox, tmp_path) as rig:
        await rig.owner.says("/start")
        sandbox.fault(kind, venue="telegram", match="*getUpdates*", count=1)
        await rig.owner.says("/whoami")
        assert (await rig.owner.says("/help")).text
