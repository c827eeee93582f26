"""What admins read when Slack does not take something: where, why, and how to mend it."""

import pytest

from blocks import undelivered
from blocks.undelivered import EVERYWHERE
from bot.outgoing import verdict
from handlers.slack_errors import PAGE
from tests.cast import BOB
from tests.harness_blocks import words

CARD = "the card of MP-12"


def said(place: str, why: str) -> list[str]:
    return words(undelivered.build(CARD, place, why)).splitlines()


def test_a_channel_is_written_as_a_channel_and_a_person_as_a_person() -> None:
    channel, person = said("C0REVIEWS", "is_archived"), said(BOB, "user_disabled")
    assert channel[0] == "⚠️ Slack takes nothing in #C0REVIEWS: is_archived"
    assert channel[1].startswith("The channel is archived")
    assert person[0] == "⚠️ Slack takes nothing for @Bob: user_disabled"
    assert "outbox retry --failed" in channel[2]


def test_what_is_refused_everywhere_is_told_as_such() -> None:
    first, remedy, then = said(EVERYWHERE, "ekm_access_denied")
    assert first == "⚠️ Slack has refused what this app sends: ekm_access_denied"
    assert remedy.startswith("Ask whoever runs your Slack workspace")
    assert then.endswith("Nothing is lost: what waits is tried again every few minutes.")


@pytest.mark.parametrize("why", [PAGE, "HTTP 404"])
def test_a_proxy_is_named_as_one(why: str) -> None:
    assert "a proxy or a login page" in said(EVERYWHERE, why)[1]


def test_a_cause_we_know_nothing_of_leads_to_the_doctor() -> None:
    assert "mp-approvals doctor" in said(EVERYWHERE, "a_code_of_tomorrow")[1]


def test_the_notification_says_what_and_why() -> None:
    made = undelivered.build(CARD, "C0REVIEWS", "is_archived")
    assert made.text == "Slack takes nothing in <#C0REVIEWS>: is_archived (the card of MP-12)"


def test_no_remedy_is_kept_for_a_cause_that_nobody_is_told_of() -> None:
    quiet = verdict.UNEDITABLE | verdict.UNDRAWABLE
    assert not quiet & undelivered.REMEDIES.keys()
