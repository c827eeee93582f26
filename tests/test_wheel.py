"""The product as it is installed: a wheel in an empty environment, and no source tree beside it.

The wheel is built from what the Dockerfile copies, so the image carries the same. Its dependencies
are those of this environment, lent to the empty one, so that nothing is downloaded.
"""

import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from bot.sandbox import SAMPLE

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "blocks", "store")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the image would install."""
    tree = tmp_path_factory.mktemp("tree")
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE):
        *names, _ = shlex.split(line)
        for name in names:
            if (ROOT / name).is_dir():
                without_caches = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, tree / name, ignore=without_caches)
            else:
                shutil.copy(ROOT / name, tree / name)
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=tree, check=True, capture_output=True, timeout=50)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment with the wheel in it."""
    home = tmp_path_factory.mktemp("empty")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
    install = [*pip, "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=50)
    # A folder named in a .pth file is searched last, and its own .pth files are not read: the
    # dependencies are found there, an editable install of the product is not.
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    lent = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (site / "dependencies.pth").write_text("\n".join(lent), encoding="utf-8")
    return python.parent


def ran(command: list[str | Path], folder: Path) -> str:
    """What a command said, in an empty folder; it must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=55)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == ours
    assert {
        SAMPLE.relative_to(ROOT).as_posix(),
        "bot/sandbox/page/static/page.js",
        "bot/sandbox/page/templates/page.html",
    } < held
    assert any(name.startswith("store/migrations/versions/") for name in held)


def test_the_packages_come_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    files = ", ".join(f"{package}.__file__" for package in PACKAGES)
    code = f"import {', '.join(PACKAGES)}; print({files}, sep='\\n')"
    said = ran([installed / "python", "-c", code], tmp_path)
    found = [Path(line) for line in said.splitlines()]
    assert len(found) == len(PACKAGES)
    assert all(path.is_relative_to(installed.parent) for path in found), found


def test_the_demo_plays_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    said = ran([installed / "mp-approvals", "demo", "--no-stay"], tmp_path)
    assert "60 requests imported." in said
    assert "every step above happened" in said


def test_the_sandbox_starts_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    command = [installed / "mp-approvals", "sandbox", "--no-open"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout is not None
            addresses = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in sandbox.stdout)
            address = next(found[0] for found in addresses if found)
            page = httpx.get(address, follow_redirects=True)
            assert "local sandbox" in page.text
            assert httpx.get(f"{address}/static/page.js").status_code == 200
        finally:
            sandbox.send_signal(signal.SIGINT)
    assert sandbox.returncode == 0
