"""What a card says of other requests: the try before, the release before, what is in its way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from blocks import request_card, request_text
from blocks.text import date
from bot.sandbox.limits import message_problems
from bot.sandbox.limits.whole import objects
from store.domain.request import (
    Category,
    Predecessor,
    RejectionClass,
    ReleaseStage,
    Request,
    Status,
)
from tests.cast import ALICE, BOB, NOW, PEOPLE, request
from tests.harness_blocks import HOSTILE, ended, hostile, words

OLD = request().details | {"version": "3.2.3", "tagline": "Pay bills", "whitelist": []}
BASE = Predecessor(9, Category.RELEASE, "3.2.3", Status.APPROVED, details=OLD)
REJECTED = Predecessor(
    12,
    Category.RELEASE,
    "3.2.4",
    Status.REJECTED,
    completed_on=NOW - timedelta(hours=1),
    rejection_class=RejectionClass.PRIVACY,
    decision_reason="Name a contact.",
    details=OLD,
    decided_by=BOB,
)


def card(shown: Request) -> list[str]:
    return words(request_card.build(shown, PEOPLE)).splitlines()


def second_try(**changes: object) -> Request:
    return request(predecessor=REJECTED, attempt=2, **changes)


def test_a_release_says_what_is_new_since_the_last_one() -> None:
    (said,) = [part for part in card(request(base=BASE)) if "since" in part]
    tagline = "tagline “Pay bills” → “Pay 300+ billers in one tap”"
    assert said == f"Wallet PH · since 3.2.3 (MP-9): {tagline} · whitelist +1"


def test_a_release_that_changes_nothing_says_so() -> None:
    same = replace(BASE, details=request().details)
    assert "Wallet PH · since 3.2.3 (MP-9): only the version" in card(request(base=same))


def test_the_first_release_to_a_target_says_so() -> None:
    (said,) = [part for part in card(request(first_on_target=True)) if "first release" in part]
    assert said.startswith("Wallet PH · first release: language fil · ")


def test_an_offline_request_says_what_goes_off() -> None:
    shown = request(category=Category.OFFLINE, base=BASE)
    assert "Wallet PH · What goes offline: 3.2.3 (MP-9) · offline in Wallet PH" in card(shown)


def test_a_second_try_says_how_the_first_one_ended_and_what_is_new() -> None:
    said = card(second_try())
    assert "🔁 2nd attempt · Bob rejected MP-12 Today at 10:00 AM: “Name a contact.”" in said
    assert (
        "Changed since MP-12: tagline “Pay bills” → “Pay 300+ billers in one tap” · whitelist +1"
        in said
    )


def test_a_rejection_without_a_reason_gives_its_class() -> None:
    other = replace(REJECTED, decision_reason=None, completed_on=None, decided_by=None)
    shown = request_text.remarks(request(predecessor=other, attempt=11), PEOPLE)
    assert shown.splitlines()[0] == (
        "🔁 *11th attempt* · MP-12 was rejected: Personal data and privacy violations"
    )


def test_a_withdrawn_try_names_who_took_it_back() -> None:
    other = replace(REJECTED, status=Status.WITHDRAWN, decided_by=ALICE, decision_reason=None)
    other = replace(other, rejection_class=None)
    shown = request_text.remarks(request(predecessor=other, attempt=2), PEOPLE)
    assert shown.startswith("🔁 *2nd attempt* · Alice withdrew MP-12 ")


def test_an_unchanged_second_try_is_told_on() -> None:
    again = replace(REJECTED, details=request().details)
    assert "Changed since MP-12: nothing" in card(request(predecessor=again, attempt=2))


def test_each_warning_has_a_line_before_the_attempt_and_what_is_small() -> None:
    warned = second_try(warnings=("3.2.4 was rejected here before (MP-12)", "and more"))
    assert [part[:2] for part in card(warned)[2:7]] == ["⚠️", "⚠️", "🔁 ", "Ch", "MP"]


def test_a_card_says_as_of_when_others_were_as_it_says() -> None:
    warned = request(warnings=("1 more request is open: MP-12",), context_at=NOW)
    (said,) = [part for part in card(warned) if "open" in part]
    assert said == "⚠️ 1 more request is open: MP-12 (as of Today at 11:00 AM)"
    assert not [part for part in card(request(context_at=NOW)) if "as of" in part]


def test_where_it_stands_names_the_release_stage() -> None:
    shown = ended(Status.APPROVED, release_stage=ReleaseStage.PILOT, moved_at=NOW)
    assert request_text.standing(shown, PEOPLE).endswith(f"· Pilot Testing since {date(NOW)}")


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_predecessors_fit_the_card(kind: str, category: Category) -> None:
    text = HOSTILE[kind]
    before = Predecessor(
        9,
        category,
        text,
        Status.REJECTED,
        decision_reason=text,
        details=hostile(category, "x")["details"],
    )
    shown = request(
        **hostile(category, text),
        base=before,
        predecessor=before,
        warnings=(text,) * 3,
        attempt=1_000_000,
    )
    sent = request_card.build(shown, PEOPLE).payload()
    assert message_problems(sent) == []
    drawn = [found["text"] for found in objects(sent) if found.get("type") == "mrkdwn"]
    assert "<!channel>" not in "".join(drawn)
