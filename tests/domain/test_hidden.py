"""What an admin types for a text that is to be hidden."""

import pytest

from store.domain.hidden import Written, hidden_text, meant

WRITTEN = [
    Written(called, called, "UBOB", "It says.", 2)
    for called in ("question 1", "question 2", "answer 2", "note 1", "approval note 1", "reason")
]


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        ("question 2", "question 2"),
        ("  Question  #2 ", "question 2"),
        ("q2", "question 2"),
        ("the question no. 2", "question 2"),
        ("questoin 02", "question 2"),
        ("answer 2", "answer 2"),
        ("the answer to question 2", "answer 2"),
        ("answer", "answer 2"),
        ("note", "note 1"),
        ("ＮＯＴＥ １", "note 1"),
        ("the note with the approval", "approval note 1"),
        ("approval note 1", "approval note 1"),
        ("rejection reason", "reason"),
    ],
)
def test_a_text_is_found_by_what_people_call_it(typed: str, called: str) -> None:
    found = meant(typed, WRITTEN)
    assert found is not None
    assert found.called == called


@pytest.mark.parametrize(
    "typed",
    [
        *("", "question", "question 3", "question 0", "question 1 2", "question -", "2"),
        *("answer 1", "reason 1", "incident", "title", "everything", "問題 1", "x" * 3000),
        *("9" * 5000, f"question {'9' * 5000}"),
    ],
)
def test_of_several_and_of_none_nothing_is_meant(typed: str) -> None:
    assert meant(typed, WRITTEN) is None


def test_whose_name_is_not_known_is_an_admin() -> None:
    assert (hidden_text(" Ada \n Cruz "), hidden_text(" ")) == (
        "hidden by Ada Cruz",
        "hidden by an admin",
    )
