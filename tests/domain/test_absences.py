"""Being away: days as they are typed, who stands in along a chain, and what that lets them do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.domain import absence_text
from store.domain.absence_text import LeaveError
from store.domain.absences import MOST_STEPS, Absence, AbsenceDenial, Leave, absence, stand_in
from store.domain.access import (
    Allowed,
    Denial,
    Denied,
    Roster,
    Rules,
    as_reviewed_now,
    may,
    stand_ins,
    votes_left,
    voting_for,
)
from store.domain.lifecycle import Act
from store.domain.request import Request, Verdict, Vote
from store.domain.terms import ALL, Stage, Terms
from store.domain.typed_dates import read_day
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW, request

DAN = "UDAN"
MONDAY = date(2026, 11, 30)
LAST_YEAR = NOW - timedelta(days=365)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("3 Dec", date(2026, 12, 3)),
        ("dec 3rd", date(2026, 12, 3)),
        ("Thursday, 3 December 2026", date(2026, 12, 3)),
        ("the 3rd of Dec.", date(2026, 12, 3)),
        ("２０２６-12-03", date(2026, 12, 3)),
        ("30 Nov", MONDAY),
        ("29 nov", date(2027, 11, 29)),
        ("29 Feb", date(2028, 2, 29)),
        ("tomorrow", date(2026, 12, 1)),
        ("next Fri", date(2026, 12, 4)),
        ("Monday", MONDAY),
        ("3/12", None),
        ("31 Feb", None),
        ("soon", None),
        ("ma 3", None),
        ("", None),
    ],
)
def test_days_are_read_as_people_write_them(typed: str, day: date | None) -> None:
    assert read_day(typed, MONDAY) == day


@pytest.mark.parametrize(
    ("typed", "leave"),
    [
        ("", Leave(BOB, BOB)),
        ("until 3 Dec to <@UCAROL|carol>", Leave(BOB, BOB, None, date(2026, 12, 3), CAROL)),
        ("to <@UCAROL> until 3 Dec", Leave(BOB, BOB, None, date(2026, 12, 3), CAROL)),
        ("till 3 Dec <@UCAROL>", Leave(BOB, BOB, None, date(2026, 12, 3), CAROL)),
        ("from 1 Dec to 3 Dec", Leave(BOB, BOB, date(2026, 12, 1), date(2026, 12, 3))),
        (
            "<@UDAN|dan> from tomorrow until Friday to <@UCAROL>",
            Leave(DAN, BOB, date(2026, 12, 1), date(2026, 12, 4), CAROL),
        ),
        ("to <@UCAROL>", Leave(BOB, BOB, delegate=CAROL)),
    ],
)
def test_an_absence_is_read_from_its_words(typed: str, leave: Leave) -> None:
    assert absence_text.parse(typed, BOB, MONDAY) == leave


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("until 3/12", "I don't know which day `3/12` is, so nothing was changed."),
        ("until 3 Dec to carol", "I don't know who `carol` is, so nothing was changed."),
        ("next week", "I don't know who `next week` is"),
        ("until", "I don't know which day `` is"),
        ("to <@UCAROL> to <@UBOB>", "I don't understand `to @UCAROL to @UBOB`"),
    ],
)
def test_words_that_say_no_absence_are_asked_about(typed: str, sentence: str) -> None:
    with pytest.raises(LeaveError) as error:
        absence_text.parse(typed, BOB, MONDAY)
    assert sentence in str(error.value)


def test_the_last_day_is_included_where_they_live() -> None:
    leave = Leave(BOB, BOB, last=date(2026, 12, 3))
    there = absence(leave, "Asia/Manila", NOW)
    assert isinstance(there, Absence)
    assert (there.since, there.until) == (NOW, datetime(2026, 12, 3, 16, tzinfo=UTC))
    later = absence(replace(leave, first=date(2026, 12, 2)), "America/New_York", NOW)
    assert isinstance(later, Absence)
    assert later.since == datetime(2026, 12, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (None, date(2026, 11, 19), AbsenceDenial.OVER),
        (date(2026, 12, 5), date(2026, 12, 3), AbsenceDenial.BACKWARDS),
        (None, date(9999, 12, 31), AbsenceDenial.TOO_FAR),
        (date(2036, 1, 1), None, AbsenceDenial.TOO_FAR),
    ],
)
def test_days_that_make_no_absence_are_refused(
    first: date | None, last: date | None, why: AbsenceDenial
) -> None:
    assert absence(Leave(BOB, BOB, first, last), "Asia/Manila", NOW) is why


people = st.sampled_from([*"abcdef"])
absences = st.dictionaries(people, st.none() | people)


@given(absences, people)
@example({"a": "b", "b": "c", "c": "d"}, "a")
@example({"a": "b", "b": "c", "c": "d", "d": "e"}, "a")
@example({"a": "b", "b": "c", "c": "a"}, "a")
def test_who_stands_in_is_who_a_walk_along_the_names_finds(
    named: Mapping[str, str | None], user: str
) -> None:
    away = {who: Absence(who, LAST_YEAR, delegate=by) for who, by in named.items()}
    path: list[str | None] = [user]
    while path[-1] in named:
        path.append(named[path[-1]])
        if len(path) > 10:  # a circle of six people is found by then
            break
    last = path[-1]
    good = 2 <= len(path) <= MOST_STEPS + 1 and last not in {None, user}
    assert stand_in(user, away, NOW) == (last if good else None)


# What it lets them do


TERMS = Terms("Wallet", (Stage("Product", 1), Stage("Compliance", ALL)))
SEATS = {"Wallet\nProduct": [CAROL], "Wallet\nCompliance": [BOB, CAROL]}


def away(
    *pairs: tuple[str, str | None], reviewers: set[str] = frozenset({BOB, CAROL}), **more: bool
) -> Rules:
    """Bob and Carol review, Ada administers and Dan reviews elsewhere; these people are away."""
    found = {user: Absence(user, LAST_YEAR, None, None, by) for user, by in pairs}
    seats = SEATS | {"Other\nReview": [DAN]}
    return Rules(Roster({ADA}, reviewers, seats, absences=found), **more)


def decides(user: str, asked: Request, rules: Rules) -> Denial | str | None:
    """In whose place they would approve; their own id for their own; else why not."""
    answer = may(user, Act.APPROVE, asked, rules, NOW)
    if isinstance(answer, Denied):
        return answer.reason
    return voting_for(user, asked, rules, NOW) or user


def test_who_stands_in_decides_in_the_place_of_who_is_away_and_both_may() -> None:
    rules = away((BOB, DAN))
    assert decides(DAN, request(), rules) == BOB
    assert decides(BOB, request(), rules) == BOB
    assert may(DAN, Act.SEE, request(), rules, NOW) == Allowed()
    shown = as_reviewed_now(request(), rules, NOW)
    assert shown.reviewers == (BOB, CAROL)
    assert [(user, each.stand_in) for user, each in shown.away.items()] == [(BOB, DAN)]


def test_nobody_stands_in_before_or_after() -> None:
    rules = away((BOB, DAN))
    over = replace(rules.roster.absences[BOB], until=NOW)
    ahead = replace(rules.roster.absences[BOB], since=NOW + timedelta(seconds=1))
    for there in (over, ahead):
        then = replace(rules, roster=replace(rules.roster, absences={BOB: there}))
        assert decides(DAN, request(), then) is Denial.UNKNOWN
        assert as_reviewed_now(request(), then, NOW).away == {}


def test_the_submitter_never_stands_in() -> None:
    rules = away((BOB, ALICE), anyone_stands_in=True, own_requests=True)
    assert decides(ALICE, request(), rules) is Denial.NOT_A_REVIEWER
    assert as_reviewed_now(request(), rules, NOW).away[BOB].stand_in is None


def test_nobody_decides_in_the_place_of_the_submitter() -> None:
    own, rules = request(submitted_by=BOB), away((BOB, DAN))
    assert decides(DAN, own, rules) is Denial.UNKNOWN
    assert stand_ins(own, rules, NOW) == {}
    assert decides(DAN, own, replace(rules, own_requests=True)) == BOB


@pytest.mark.parametrize(("anyone", "found"), [(False, Denial.UNKNOWN), (True, BOB)])
def test_who_holds_no_role_stands_in_only_where_anyone_may(
    anyone: bool, found: Denial | str
) -> None:
    rules = away((BOB, MALLORY), anyone_stands_in=anyone)
    assert decides(MALLORY, request(), rules) == found


def test_who_lost_their_own_place_lends_it_to_nobody_and_who_left_takes_none() -> None:
    assert decides(DAN, request(), away((BOB, DAN), reviewers={CAROL})) is Denial.UNKNOWN
    rules = away((BOB, DAN))
    left = replace(
        rules, roster=replace(rules.roster, gone=frozenset({DAN})), anyone_stands_in=True
    )
    assert decides(DAN, request(), left) is Denial.UNKNOWN


def test_who_sits_there_votes_as_themselves_and_the_other_place_stays_open() -> None:
    rules = away((BOB, CAROL))
    everybody = request(terms=Terms("Both", (Stage("Review", ALL),)), assigned={1: (BOB, CAROL)})
    seats = {"Both\nReview": [BOB, CAROL]}
    rules = replace(rules, roster=replace(rules.roster, seats=seats))
    assert decides(CAROL, everybody, rules) == CAROL
    assert stand_ins(everybody, rules, NOW) == {}
    once = replace(everybody, votes=(approval(CAROL),))
    assert decides(CAROL, once, rules) is Denial.VOTED
    assert votes_left(once, rules, NOW) == 1, "Bob's"


def test_one_human_counts_once_for_however_many_they_stand_in() -> None:
    seats = {"All\nReview": [BOB, CAROL]}
    asked = request(terms=Terms("All", (Stage("Review", ALL),)), assigned={1: (BOB, CAROL)})
    rules = away((BOB, DAN), (CAROL, DAN))
    rules = replace(rules, roster=replace(rules.roster, seats=seats | {"Other\nReview": [DAN]}))
    assert stand_ins(asked, rules, NOW) == {DAN: BOB}
    once = replace(asked, votes=(approval(DAN, BOB),))
    assert decides(DAN, once, rules) is Denial.VOTED
    assert decides(BOB, once, rules) is Denial.SEAT_TAKEN
    assert decides(CAROL, once, rules) == CAROL
    assert votes_left(once, rules, NOW) == 1


def test_a_place_that_was_filled_is_nobody_elses() -> None:
    rules = away((BOB, DAN))
    two = request(terms=Terms("Two", (Stage("Review", 2),)), assigned={1: (BOB, CAROL)})
    seats = {"Two\nReview": [BOB, CAROL], "Other\nReview": [DAN]}
    rules = replace(rules, roster=replace(rules.roster, seats=seats))
    voted = replace(two, votes=(approval(BOB),))
    assert decides(DAN, voted, rules) is Denial.SEAT_TAKEN
    assert votes_left(voted, rules, NOW) == 1
    assert may(DAN, Act.REJECT, voted, rules, NOW) == Allowed()
    assert voting_for(DAN, voted, rules, NOW, Act.REJECT) == BOB, "a rejection fills no place"


def test_an_admin_who_stands_in_fills_the_place() -> None:
    assert decides(ADA, request(), away((BOB, ADA))) == BOB


def test_who_approved_before_does_not_approve_again_through_another() -> None:
    rules = away((BOB, DAN))
    later = request(
        stage=2,
        terms=TERMS,
        assigned={1: (CAROL,), 2: (BOB, CAROL)},
        votes=(replace(approval(BOB), stage=1),),
    )
    assert decides(DAN, later, rules) is Denial.SEAT_TAKEN
    assert decides(DAN, later, replace(rules, distinct_stages=False)) == BOB


def approval(by: str, for_whom: str | None = None) -> Vote:
    """An approval at the first stage."""
    return Vote(by, 1, Verdict.APPROVE, NOW, cast_for=for_whom)
