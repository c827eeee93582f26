"""Being away, in words: to who goes, to who stands in, on Home, and why it is not possible.

All texts are finished mrkdwn.
"""

from datetime import date
from typing import assert_never

from slack_sdk.models.blocks import SectionBlock

from blocks.message import FALLBACK_LIMIT, Message
from blocks.text import clip, mrkdwn, who
from store.domain.absences import Absence, AbsenceDenial, Leave
from store.domain.request import People

_BACK = "`/mp-requests back`"


def day(moment: date, seen_from: date) -> str:
    """ "3 Dec", with the year where that is another."""
    year = f" {moment.year}" if moment.year != seen_from.year else ""
    return f"{moment.day} {moment:%b}{year}"


def period(absence: Absence) -> str:
    """ "away until 3 Dec"; "away", where nobody said until when."""
    if absence.last_day is None:
        return "away"
    return f"away until {day(absence.last_day, absence.since.date())}"


def agreed(absence: Absence, stand_in: str | None, people: People, *, by: str) -> str:
    """To who said it: from when to when, who stands in, and how it ends."""
    own = absence.user == by
    name, delegate = who(absence.user, people), absence.delegate
    included = ", that day included" if absence.last_day else ""
    said = [f"🌴 {'You are' if own else f'{name} is'} {period(absence)}{included}."]
    if stand_in and stand_in == delegate:
        said.append(f"{who(stand_in, people)} stands in: open and new requests go there as well.")
    elif stand_in and delegate:
        said.append(f"{who(delegate, people)} is away too, so {who(stand_in, people)} stands in.")
    elif delegate:
        said.append(
            f"{who(delegate, people)} is away as well, and at the moment nobody stands in for both."
        )
    else:
        said.append("Nobody stands in: `to @carol` at the end of the command names somebody.")
    said.append("No reminders come meanwhile; deciding is still possible.")
    said.append(f"{_BACK if own else '`/mp-requests back @…`'} ends it.")
    return " ".join(said)


def ended(absence: Absence, people: People, *, by: str) -> str:
    """To who said that it is over."""
    named = "You are" if absence.user == by else f"{who(absence.user, people)} is"
    delegate = absence.delegate
    after = f" {who(delegate, people)} stands in no longer." if delegate else ""
    return f"{named} back. Reminders and new requests come as before.{after}"


def standing(absence: Absence, stand_in: str | None, people: People) -> str:
    """On the Home of who is away."""
    by = f" {who(stand_in, people)} stands in." if stand_in else " Nobody stands in."
    return f"🌴 You are {period(absence)}.{by}"


def notice(
    reader: str, user: str, by: str, absence: Absence | None, people: People, *, stands_in: bool
) -> Message:
    """To whom somebody else's word concerns: that they are away themselves, or stand in; or that
    this is over (`absence` is None).
    """
    name, said_by = who(user, people), who(by, people)
    if reader == user:
        now = f"set you as {period(absence)}" if absence else "set you as back"
        said = f"{said_by} {now}." + (f" {_BACK} ends it." if absence else "")
    elif absence and stands_in:
        said = (
            f"🌴 {name} is {period(absence)}, and you stand in. What waits for {name} comes to you "
            "as well, marked with that name; when you decide, both names are on record."
        )
    else:
        said = f"{name} is back, or named somebody else: you no longer stand in."
    return Message(clip(said, FALLBACK_LIMIT), (SectionBlock(text=mrkdwn(said), expand=True),))


def refused(denial: AbsenceDenial, leave: Leave, people: People) -> str:
    """Why it is not possible, and what is."""
    delegate = who(leave.delegate, people) if leave.delegate else "Nobody"
    match denial:
        case AbsenceDenial.NOT_AN_ADMIN:
            return "Only an admin can say that of somebody else. Nothing was changed."
        case AbsenceDenial.OWN_DELEGATE:
            return "Nobody stands in for themselves: name somebody else. Nothing was changed."
        case AbsenceDenial.NOT_A_DELEGATE:
            return (
                f"{delegate} is no reviewer, and only reviewers and admins can stand in. "
                "Name one of them. Nothing was changed."
            )
        case AbsenceDenial.DELEGATE_HAS_LEFT:
            return f"{delegate} has left Slack: name somebody else. Nothing was changed."
        case AbsenceDenial.OVER:
            return "That day is over: name today or a later one. Nothing was changed."
        case AbsenceDenial.BACKWARDS:
            return "The last day is before the first. Nothing was changed."
        case AbsenceDenial.TOO_FAR:
            return (
                "That is more than two years away. Leave out the day if you do not know it: "
                f"{_BACK} ends it. Nothing was changed."
            )
        case AbsenceDenial.NOT_AWAY:
            own = leave.user == leave.by
            named = "You are" if own else f"{who(leave.user, people)} is"
            return f"{named} not away, so nothing was changed."
        case _:
            assert_never(denial)
