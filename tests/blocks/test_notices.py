"""Each ending tells the submitter the next step; help names what there is."""

import pytest

from blocks import notices
from blocks.text import safe
from store.domain.request import Category, Environment, Status
from tests.cast import NOW, PEOPLE, request
from tests.harness_blocks import ended, words


def test_an_approved_release_is_told_that_it_is_not_live() -> None:
    made = notices.outcome(ended(Status.APPROVED), PEOPLE)
    assert words(made).splitlines() == [
        "✅ This request is approved.",
        "Release Bills Pay 3.2.4 · MP-128 · by Bob",
        "Approved, but not live yet. Go live on the platform, then say here where it is.",
        "[ Where is it now? v ]",
        "[ Details ]",
    ]
    assert made.text == "Approved: Release Bills Pay 3.2.4 (Production) · MP-128 · by Bob"


def test_a_nudge_says_what_stands_still_and_how_to_say_otherwise() -> None:
    sandbox = ended(Status.APPROVED, environment=Environment.SANDBOX)
    made = notices.nudge(sandbox)
    assert words(made).splitlines() == [
        "⏰ Release Bills Pay 3.2.4 · MP-128 was approved Today at 10:00 AM, still in"
        " Pilot Testing; its stage has not been updated since.",
        "[ Where is it now? v ]",
        "[ Details ]",
    ]
    assert made.text == "Approved, not live: Release Bills Pay 3.2.4 (Sandbox) · MP-128"


def test_a_rejected_release_is_told_the_kind_the_reason_and_the_way_on() -> None:
    made = notices.outcome(ended(Status.REJECTED), PEOPLE)
    assert words(made).splitlines() == [
        "⛔ Rejected · Personal data and privacy violations",
        "Release Bills Pay 3.2.4 · MP-128 · by Bob",
        "┃ The privacy text names no contact.",
        "Change what the reason names, then submit it again.",
        "[ Submit again ]",
        "[ Details ]",
    ]
    assert made.text == "Rejected: Release Bills Pay 3.2.4 (Production) · MP-128 · by Bob"


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("environment", Environment)
@pytest.mark.parametrize(
    "status", [status for status in Status if status is not Status.UNDER_REVIEW]
)
def test_every_ending_has_a_next_step(
    category: Category, environment: Environment, status: Status
) -> None:
    step = notices.next_step(ended(status, category=category, environment=environment))
    assert step.endswith((".", "`"))
    assert "{" not in step


def test_an_open_request_has_no_next_step() -> None:
    assert notices.next_step(request()) == ""


def test_reviewers_hear_that_a_withdrawn_request_needs_nothing() -> None:
    assert words(notices.withdrawn(ended(Status.WITHDRAWN), PEOPLE)).splitlines() == [
        "↩️ Withdrawn by Alice",
        "Release Bills Pay 3.2.4 · MP-128",
        "Nothing is left for you to do.",
        "[ Details ]",
    ]


def test_help_has_a_line_for_each_subcommand_then_how_to_narrow_a_list() -> None:
    made = notices.help([("new", "submit a request"), ("show MP-12", "one request in full")])
    assert words(made).splitlines()[:3] == [
        "/mp-requests new  submit a request",
        "/mp-requests show MP-12  one request in full",
        "Narrow a list with words from a mini program's name, its id, or:",
    ]


def test_a_sentence_that_repeats_a_persons_words_mentions_nobody() -> None:
    said = words(notices.plain(safe("I don't know `<!channel>`. Did you mean `status:`?")))
    assert said == "I don't know <!channel>. Did you mean status:?"


def test_a_notice_modal_says_one_sentence() -> None:
    view = notices.notice_view("MP-128", "MP-128 was approved by Bob. Nothing is left to do.")
    assert words(view) == "MP-128\nMP-128 was approved by Bob. Nothing is left to do.\n[ Close ]"


def test_who_was_told_that_it_is_not_sure_hears_what_became_of_it() -> None:
    said = {took: words(notices.late_answer(NOW, took_effect=took)) for took in (True, False, None)}
    assert "took effect. Nothing is left for you to do." in said[True]
    assert "did not take effect: nothing was changed. Please try again." in said[False]
    assert "may have taken effect or not. Look at the request" in said[None]
