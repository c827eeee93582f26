"""What a request needs to be approved, as it was written down when it was submitted.

The policy may change afterwards: who may act is asked of today's, what is needed stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ALL: Literal["all"] = "all"
"""Of a stage: everybody it was given to who may still decide, and at least one."""
Needed = int | Literal["all"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a review: how many of its people have to approve."""

    name: str = "Review"
    needed: Needed = 1


_ONE = (Stage(),)


@dataclass(frozen=True, slots=True)
class Terms:
    """By which rule of the policy a request is reviewed, if any, and what that asks for.

    `named` are the stages of the rule; without any it is one stage of the workspace's reviewers.
    `warning` is what the policy says on top of card and confirmation, `target_hours` the working
    hours to a decision that it names, `escalate_after_hours` those after which others are called.
    """

    rule: str | None = None
    named: tuple[Stage, ...] = ()
    warning: str | None = None
    target_hours: int | None = None
    escalate_after_hours: int | None = None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """In the order they open; at least one."""
        return self.named or _ONE

    def seat(self, number: int) -> str:
        """Which people of the policy decide at a stage (counted from 1): the key of `Roster.seats`.

        Empty: the workspace's reviewers.
        """
        return seat(self.rule or "", self.named[number - 1].name) if self.named else ""

    @property
    def seats(self) -> tuple[str, ...]:
        """Those of all stages."""
        return tuple(self.seat(number) for number in range(1, len(self.stages) + 1))

    def stored(self) -> dict[str, Any] | None:
        """As a row holds it; nothing where nothing differs from the workspace's one stage."""
        if self == BY_WORKSPACE:
            return None
        stages = [{"name": stage.name, "needed": stage.needed} for stage in self.named]
        hours = ("target_hours", "escalate_after_hours")
        rest = {"warning": self.warning} | {name: getattr(self, name) for name in hours}
        return {"rule": self.rule, "stages": stages} | rest

    @classmethod
    def read(cls, kept: "Terms | Mapping[str, Any] | None") -> "Terms":
        """Read that back; what is read already stays."""
        if isinstance(kept, Terms):
            return kept
        if not kept:
            return BY_WORKSPACE
        stages = tuple(Stage(each["name"], each["needed"]) for each in kept["stages"])
        hours = kept["target_hours"], kept.get("escalate_after_hours")  # which older ones lack
        return cls(kept["rule"], stages, kept["warning"], *hours)


BY_WORKSPACE = Terms()
"""What a request needs that no rule is for."""


def seat(rule: str, stage: str) -> str:
    """The key of a stage of a rule: both have names without a line break."""
    return f"{rule}\n{stage}"
