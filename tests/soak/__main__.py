"""`python -m tests.soak --minutes 2 --database postgresql`: soak, report, exit 1 unless clean.

Several may run side by side: each has a folder, a server and a Slack of its own.
"""

import argparse
import asyncio
import logging
import random
import sys
from pathlib import Path
from time import monotonic

from tests.soak.final_check import Findings
from tests.soak.one_soak import Plan, soak

_MOST = 200
"""Findings of a kind that are said."""


def main() -> int:
    """Play what the arguments ask for."""
    asked = _arguments()
    postgresql, name = asked.database == "postgresql", f"soak-{asked.database}-{asked.seed}"
    if asked.logs:
        asked.logs.mkdir(parents=True, exist_ok=True)
    plan = Plan(
        seconds=asked.minutes * 60,
        least=20,
        postgresql=postgresql,
        bots=asked.bots if postgresql else 1,
        seed=asked.seed,
        words=asked.logs and asked.logs / f"{name}-bots.log",
    )
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it minds every killed client
    output = Output(asked.logs and asked.logs / f"{name}.log")
    output.say(
        f"soaking {asked.minutes:g} min on {asked.database}, {plan.bots} bots, seed {plan.seed}"
    )
    started = monotonic()
    found = asyncio.run(soak(plan))
    output.say(f"{report(found)}\n{monotonic() - started:.0f} s")
    return 0 if found.clean and not found.late else 1


class Output:
    """What is said, on the screen and in the log that is kept of this soak."""

    def __init__(self, log: Path | None) -> None:
        self._log = log
        if log:
            log.write_text("", encoding="utf-8")

    def say(self, words: str) -> None:
        """A line, or some."""
        sys.stdout.write(f"{words}\n")
        sys.stdout.flush()
        if self._log:
            with self._log.open("a", encoding="utf-8") as log:
                log.write(f"{words}\n")


def report(found: Findings) -> str:
    """Counts first, then every finding."""
    lines = [f"{count:7}  {what}" for what, count in sorted(found.counts.items())]
    parts = {
        "lost": found.losses,
        "twice": found.duplicates,
        "wrong": found.faults,
        "late": found.late,
    }
    for heading, findings in parts.items():
        lines.append(f"{len(findings):7}  {heading}")
        lines += [f"         {finding}" for finding in findings[:_MOST]]
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--bots", type=int, default=3, help="on PostgreSQL; SQLite has one")
    parser.add_argument(
        "--logs", type=Path, help="a folder for what is said, by the soak and by its bots"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
