"""The clients of the API's README, run as they stand there at a bot that listens."""

import itertools
import json
import os
import re
import shlex
import shutil
import sys
from asyncio.subprocess import PIPE, STDOUT, create_subprocess_exec
from pathlib import Path

import pytest

from bot import http
from bot.web_server import serving
from tests.api.platform import new_key, release
from tests.harness_slack import Team

SECTION = (Path(__file__).parents[2] / "bot" / "api" / "README.md").read_text("utf-8")
_numbers = itertools.count()


def block(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)[0]


async def run(team: Team, folder: Path, *command: str) -> str:
    """What a client prints, with the key in its environment and the address of this bot."""
    _, text = await new_key(team.bot.db, team, name=f"client {next(_numbers)}")
    (folder / "request.json").write_text(json.dumps(release()), "utf-8")
    async with serving(http.build(team.bot), host="127.0.0.1", port=0) as address:
        there = [part.replace("http://127.0.0.1:3000", address) for part in command]
        there = [part.replace("$KEY", text) for part in there]
        process = await create_subprocess_exec(
            *there, cwd=folder, env=os.environ | {"KEY": text}, stdout=PIPE, stderr=STDOUT
        )
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_the_client_in_python(team_once: Team, tmp_path: Path) -> None:
    assert len(block("python").strip().splitlines()) <= 10
    assert await run(team_once, tmp_path, sys.executable, "-c", block("python")) == "approved\n"


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
async def test_the_client_by_curl(team_once: Team, tmp_path: Path) -> None:
    hands_in, lists = block("sh").strip().replace("\\\n", " ").splitlines()
    stored = await run(team_once, tmp_path, *shlex.split(hands_in), "--silent")
    assert json.loads(stored)["review"]["request"] == "MP-1"
    await team_once.send_all()
    wanted = lists.replace("status=approved", "status=under_review")
    found = await run(team_once, tmp_path, *shlex.split(wanted), "--silent")
    assert json.loads(found)["total"] == 1
