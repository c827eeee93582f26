"""`python -m tests.soak --minutes 2 --database postgresql`: soak, report, exit 1 unless clean."""

import argparse
import asyncio
import logging
import random
import sys
from time import monotonic

from tests.soak.final_check import Findings
from tests.soak.one_soak import Plan, soak


def main() -> int:
    """Play what the arguments ask for."""
    asked = _arguments()
    postgresql = asked.database == "postgresql"
    plan = Plan(
        seconds=asked.minutes * 60,
        least=20,
        postgresql=postgresql,
        bots=asked.bots if postgresql else 1,
        seed=asked.seed,
    )
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it minds every killed client
    _say(f"soaking {asked.minutes:g} min on {asked.database}, {plan.bots} bots, seed {plan.seed}")
    started = monotonic()
    found = asyncio.run(soak(plan))
    _say(f"{report(found)}\n{monotonic() - started:.0f} s")
    return 0 if found.clean else 1


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def report(found: Findings) -> str:
    """Counts first, then every finding."""
    lines = [f"{count:7}  {what}" for what, count in sorted(found.counts.items())]
    parts = {
        "lost": found.losses,
        "twice": found.duplicates,
        "twice, excused (the first copy landed after its sender had given up on it)": found.excused,
        "wrong": found.faults,
    }
    for heading, findings in parts.items():
        lines.append(f"{len(findings):7}  {heading}")
        lines += [f"         {finding}" for finding in findings[:20]]
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--bots", type=int, default=3, help="on PostgreSQL; SQLite has one")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
