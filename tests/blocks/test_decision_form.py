"""There is no rejection without a reason, and what was typed comes back as it was meant."""

from typing import Any

import pytest

from blocks import approval_form, decision_form
from blocks.buttons import RequestRound
from blocks.decision_form import REASON, REJECTION_CLASS, Rejection
from bot.sandbox.limits import view_problems
from store.domain.approval_notes import Asking
from store.domain.request import RejectionClass
from tests.cast import PEOPLE, request
from tests.harness_blocks import words


def submitted(
    reason: str | None, chosen: str | None = None, about: str = "128:3"
) -> dict[str, Any]:
    option = {"value": chosen} if chosen else None
    return {
        "private_metadata": about,
        "state": {
            "values": {
                REASON: {REASON: {"type": "plain_text_input", "value": reason}},
                REJECTION_CLASS: {REJECTION_CLASS: {"selected_option": option}},
            }
        },
    }


def test_the_form_names_the_request_and_offers_the_eight_kinds() -> None:
    view = decision_form.build(request())
    said = words(view)
    assert "Release Bills Pay 3.2.4  ·  🟠 Production\nBills Pay (2171020092715498)" in said
    options = view.to_dict()["blocks"][1]["element"]["options"]
    assert [option["text"]["text"] for option in options] == [k.label for k in RejectionClass]
    assert said.endswith("[ Cancel ]\n▸[ Reject ]")


def test_a_reason_given_before_is_in_the_form() -> None:
    view = decision_form.build(
        request(id=2**31 - 1), reason="no contact " * 900, rejection_class=RejectionClass.PRIVACY
    )
    assert "no contact" in words(view)
    assert view_problems(view.to_dict()) == []


def test_a_reason_and_a_kind_are_a_rejection() -> None:
    found = decision_form.parse(submitted("  No contact.\n", RejectionClass.PRIVACY.value))
    assert found == Rejection((RequestRound(128, 3),), RejectionClass.PRIVACY, "No contact.")


def test_a_request_can_be_rejected_for_what_is_no_violation() -> None:
    assert decision_form.parse(submitted("Wrong version.")) == Rejection(
        (RequestRound(128, 3),), None, "Wrong version."
    )


def test_several_are_rejected_for_one_reason() -> None:
    asked = [request(id=number, round=2) for number in range(11, 21)]
    view = decision_form.build(*asked, reason="No contact.", left_out=["MP-9 is closed."])
    said = words(view)
    assert all(f"{each.ref} · Mini Program Release" in said for each in asked)
    assert "MP-9 is closed." in said
    assert said.endswith("▸[ Reject all ]")
    assert view_problems(view.to_dict()) == []
    found = decision_form.parse(submitted("No contact.", about=view.private_metadata or ""))
    assert found == Rejection(tuple(map(RequestRound.of, asked)), None, "No contact.")


def test_what_no_database_holds_goes_from_a_reason() -> None:
    found = decision_form.parse(submitted("No\x00 contact\ud800."))
    assert isinstance(found, Rejection)
    assert found.reason == "No contact."


@pytest.mark.parametrize("reason", [None, "", "  \n ", "\u200b\u3164\x00", "x" * 2001])
def test_a_reason_is_required_and_has_a_limit(reason: str | None) -> None:
    found = decision_form.parse(submitted(reason))
    assert isinstance(found, dict)
    assert set(found) == {REASON}


def test_a_form_that_is_not_ours_is_refused_in_words() -> None:
    for about in ("128", "", "128:3 x"):
        found = decision_form.parse(submitted("No contact.", about=about))
        assert found == {REASON: "This form is out of date. Close it and press Reject again."}


def test_a_note_with_an_approval_is_read_and_too_long_a_one_is_told_with_its_number() -> None:
    asked = request(approve_note=Asking.OPTIONAL)
    form = approval_form.build([asked], PEOPLE, queue="the queue").to_dict()

    def said(note: str | None) -> approval_form.Approval | dict[str, str]:
        return approval_form.parse(
            {**form, "state": {"values": {"note": {"note": {"value": note}}}}}
        )

    seen = (RequestRound(asked.id, asked.round),)
    assert said(" Go live. ") == approval_form.Approval(seen, "Go live.", "the queue")
    assert said(None) == approval_form.Approval(seen, None, "the queue")
    assert said("长" * 3001) == {"note": "A note has at most 3,000 characters; this has 3,001."}
