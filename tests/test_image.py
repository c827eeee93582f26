"""What can be said of the image and the services without building or running them."""

import re
import shlex
from pathlib import Path
from typing import Any

import yaml
from typer.main import get_command

from bot.cli.main import cli
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]


def test_the_image_runs_the_bot_as_a_user() -> None:
    last = [line.split()[0] for line in DOCKERFILE.split("\nFROM ")[-1].splitlines() if line]
    assert last.index("USER") < last.index("CMD")
    assert "USER root" not in DOCKERFILE
    (command,) = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    assert command == '["mp-approvals", "run", "--host", "0.0.0.0"]'


def test_its_base_is_pinned_and_its_packages_are_checked() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", base) for base in bases)
    assert "--require-hashes -r requirements.lock" in DOCKERFILE


def test_no_secret_goes_into_it() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    copied = re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
    sources = {name for line in copied for name in shlex.split(line)[:-1]}
    assert {f"!{name}" for name in sources} == set(ignored[1:]) - {"**/__pycache__"}
    assert not re.search("TOKEN|SECRET|PASSWORD", DOCKERFILE)


def test_two_replicas_start_when_the_schema_is_there() -> None:
    bot = SERVICES["bot"]
    assert bot["deploy"]["replicas"] == 2
    assert bot["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert SERVICES["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert all("healthcheck" in SERVICES[name] for name in ("db", "bot"))


def test_the_services_name_our_commands_and_settings_and_no_password() -> None:
    assert SERVICES["migrate"]["command"][1] in getattr(get_command(cli), "commands", {})
    assert set(SERVICES["bot"]["environment"]) <= {name.upper() for name in Settings.model_fields}
    passwords = re.findall(r"PASSWORD: (\S+)", COMPOSE) + re.findall(
        r"approvals:([^@\s]+)", COMPOSE
    )
    assert len(passwords) == 2
    assert all(password.startswith("${POSTGRES_PASSWORD:?") for password in passwords)
