"""Why a request stands where it stands: what one person may be told about it."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from store.domain.access import Allowed, Denial, Denied, Rules, may, stand_ins
from store.domain.lifecycle import Act
from store.domain.request import Audience, People, Request


@dataclass(frozen=True, slots=True)
class Delivery:
    """One copy of the card: who got it, and when; `at` is None while it is on its way.

    `failed` is Slack's word for why it could not be delivered. `gathered`: they were told of it in
    one message with others.
    """

    recipient: str
    audience: Audience
    at: datetime | None = None
    failed: str | None = None
    gathered: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """`deciders` may decide now, `denial` is why the asker may not; None where they may.

    `policy_of` is when the policy it goes by was last changed.
    `reminded` are the reviewers who were reminded and when last, `remind_at` when reminders begin,
    `is_late` whether they have.
    """

    request: Request
    asker: str
    deciders: tuple[str, ...]
    denial: Denial | None
    deliveries: tuple[Delivery, ...]
    reminded: tuple[tuple[str, datetime], ...]
    remind_at: datetime
    people: People
    policy_of: datetime | None = None
    is_late: bool = False


def deciders(request: Request, rules: Rules, now: datetime) -> tuple[str, ...]:
    """Who may decide the request now: its reviewers and who stands in, then the admins."""

    def able(people: AbstractSet[str]) -> list[str]:
        return sorted(
            user for user in people if may(user, Act.APPROVE, request, rules, now) == Allowed()
        )

    reviewers = able({*request.reviewers, *stand_ins(request, rules, now)})
    return (*reviewers, *able(set(rules.roster.admins) - set(reviewers)))


def refusal(user: str, request: Request, rules: Rules, now: datetime) -> Denial | None:
    """Why this person may not decide; None where they may."""
    answer = may(user, Act.APPROVE, request, rules, now)
    return answer.reason if isinstance(answer, Denied) else None
