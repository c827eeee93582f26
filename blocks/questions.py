"""Questions and answers: folded on a card, in full in the details and in the messages they bring.

Who asked what, and what the submitter answered, with when. All of it stands where everybody reads
it who may see the request, which the forms say.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import assert_never

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, SectionBlock

from blocks import buttons, request_text
from blocks.message import FALLBACK_LIMIT, Message
from blocks.notices import section
from blocks.text import clip, date, line, mrkdwn, plural, who, words
from store.domain.questions import TEXT_LIMIT, NotTaken, Question
from store.domain.request import People, Request

SHOWN = 2
"""How many a card shows: the last ones."""
WHOLE = 5600
"""Ours: characters of an escaped text in a message, of which Slack takes 13,000. The rest, where
somebody writes signs that are escaped alone, is in the details.
"""
REMINDED = 10
"""How many a reminder names at most."""
NAMED = 3
"""Of how many an asker reads by name whose answers they wait for."""
FOLDED = 300
"""Ours: characters of a question or an answer on a card; the rest is in the details."""


def folded(request: Request, people: People, *, may_answer: bool = False) -> Iterator[Block]:
    """The last questions with their answers, as a card shows them; nothing without any."""
    earlier = len(request.questions) - SHOWN
    if earlier > 0:
        more = f"💬 {plural(earlier, 'earlier question')} in the details"
        yield ContextBlock(elements=[mrkdwn(more)])
    for question in request.questions[-SHOWN:]:
        said = [asked(question, people), request_text.quote(request, question.question, FOLDED)]
        if question.answer is not None:
            said += [
                answered(question, request, people),
                request_text.quote(request, question.answer, FOLDED),
            ]
        elif not question.is_open:
            said.append(closed(question, request, people))
        offered = buttons.answer(request, question) if may_answer and question.is_open else None
        # Not expanded: Slack folds what is long behind "See more".
        yield SectionBlock(text=mrkdwn("\n".join(said)), accessory=offered)


def in_full(request: Request, people: People, *, may_answer: bool) -> Iterator[Block]:
    """All of them, each with what its reader may do with it; nothing without any."""
    if request.questions:
        yield HeaderBlock(text=words("Questions"))
    for question in request.questions:
        offered = None
        if question.is_open and may_answer:
            offered = buttons.answer(request, question)
        elif question.is_closable:
            offered = buttons.close(request, question)
        heading = f"*{question.number}.* {asked(question, people)}"
        yield SectionBlock(text=mrkdwn(heading), accessory=offered)
        yield from map(section, request_text.quotes(request, question.question))
        if question.answer is not None:
            yield section(answered(question, request, people))
            yield from map(section, request_text.quotes(request, question.answer))
        elif not question.is_open:
            yield section(closed(question, request, people))


def to_submitter(request: Request, question: Question, people: People) -> Message:
    """What asks the submitter; once it is over, how."""
    by, named = who(question.asked_by, people), f"*{request_text.title(request)}* · {request.ref}"
    said = [
        f"❓ {by} has a question about {named}",
        *request_text.quotes(request, question.question, WHOLE),
    ]
    row = [buttons.details(request)]
    if question.answer is not None:
        said += [
            f"✅ You answered, {_at(question.answered_at)}:",
            *request_text.quotes(request, question.answer, WHOLE),
        ]
    elif question.is_open:
        said.append(
            "The review goes on meanwhile. Everybody who can see the request can read your answer."
        )
        row = [buttons.answer(request, question), *row]
    else:
        said.append(f"{closed(question, request, people)} Nothing is left for you to answer.")
    fallback = f"{by} asks about {request_text.named(request)} · {request.ref}"
    clipped = clip(f"{fallback}: {line(question.question, 200)}", FALLBACK_LIMIT)
    return Message(clipped, (*map(section, said), buttons.row(*row)))


def to_asker(request: Request, question: Question, people: People, *, may_decide: bool) -> Message:
    """The answer, to who asked; with the way to decide on it."""
    by, named = (
        who(request.submitted_by, people),
        f"*{request_text.title(request)}* · {request.ref}",
    )
    said = [
        f"💬 {by} answered your question about {named}",
        f"You asked:\n{request_text.quote(request, question.question, FOLDED)}",
        "The answer:",
        *request_text.quotes(request, question.answer or "", WHOLE),
    ]
    row = [buttons.review(request)] if may_decide else []
    fallback = f"{by} answered about {request_text.named(request)} · {request.ref}"
    clipped = clip(f"{fallback}: {line(question.answer or '', 200)}", FALLBACK_LIMIT)
    return Message(clipped, (*map(section, said), buttons.row(*row, buttons.details(request))))


def reminder(requests: Sequence[Request], people: People) -> Message:
    """To a submitter, on a working day: what they have not answered, with the way to do so."""
    asked_of = [(r, q) for r in requests for q in r.questions if q.is_open][:REMINDED]
    wait = f"{plural(len(asked_of), 'question')} {'is' if len(asked_of) == 1 else 'are'} waiting"
    said = f"❓ {wait} for your answer. Until then your reviewers' clock rests."
    rows = [
        SectionBlock(
            text=mrkdwn(
                f"*{request_text.title(request)}* · {request.ref}\n{asked(question, people)}\n"
                f"{request_text.quote(request, question.question, FOLDED)}"
            ),
            accessory=buttons.answer(request, question),
        )
        for request, question in asked_of
    ]
    return Message(f"{wait} for your answer", (section(said), *rows))


def waited_for(answers: Sequence[tuple[str, int]], people: People) -> str:
    """What an asker waits for: "*Waiting for others:* 2 for an answer (Erin, Dan)"."""
    named = [who(user, people).split(" ")[0] for user, _ in answers[:NAMED]]
    more = ["…"] if len(answers) > NAMED else []
    total = sum(count for _, count in answers)
    return f"💬 *Waiting for others:* {total:,} for an answer ({', '.join([*named, *more])})"


def unreached(request: Request, question: Question, people: People) -> Message:
    """To who asked: the question did not arrive, or its reader has left since, so that nobody will
    answer it.
    """
    by = who(request.submitted_by, people)
    named = f"*{request_text.title(request)}* · {request.ref}"
    if question.ts:
        head = f"⚠️ {by} has left Slack, so nobody will answer your question about {named}."
        fallback = f"{by} has left Slack and will not answer about {request.ref}"
    else:
        head = (
            f"⚠️ Your question about {named} did not reach {by}: Slack does not deliver to them "
            "any more."
        )
        fallback = f"Your question about {request.ref} did not reach {by}"
    said = f"{head}\nDecide on what is there, or close the question in the details."
    return Message(
        clip(fallback, FALLBACK_LIMIT),
        (
            section(said),
            section(request_text.quote(request, question.question, FOLDED)),
            buttons.row(buttons.details(request)),
        ),
    )


def not_taken(request: Request, question: Question, why: NotTaken, length: int) -> Message:
    """In the thread of a question: why a reply of so many characters is not on record."""
    match why:
        case NotTaken.FILE:
            said = (
                "A file cannot be kept on record here. Please reply with a link to it, "
                "or press Answer above."
            )
        case NotTaken.EMPTY:
            said = "There are no words in this that could be an answer. Please reply once more."
        case NotTaken.TOO_LONG:
            said = (
                f"An answer has at most {TEXT_LIMIT:,} characters; this has {length:,}, so it was "
                "not taken. Please shorten it here, or put the rest behind a link."
            )
        case NotTaken.OVER:
            over = "was answered already" if question.answer is not None else "is closed"
            said = (
                f"This question about {request.ref} {over}, so nothing was changed. "
                f"`/mp-requests show {request.ref}` has all that was said."
            )
        case NotTaken.EDITED_LATE:
            said = (
                "An edit counts within five minutes, while the review goes on. Your answer stays "
                "as it was, and it is on record that you edited it here later."
            )
        case NotTaken.HIDDEN:
            said = (
                f"Your answer about {request.ref} was hidden, so an edit does not change it any "
                "more. What you write here stays in this thread; you can delete it yourself."
            )
        case _:
            assert_never(why)
    return Message(clip(said, FALLBACK_LIMIT), (section(said),))


def asked(question: Question, people: People) -> str:
    """ "❓ *Bob Reyes* asked, today at 10:14"."""
    mark = "❓" if question.is_open else "💬"
    return f"{mark} *{who(question.asked_by, people)}* asked, {date(question.asked_at)}:"


def answered(question: Question, request: Request, people: People) -> str:
    """ "*Alice Santos* answered, today at 10:40"."""
    return f"*{who(request.submitted_by, people)}* answered, {_at(question.answered_at)}:"


def closed(question: Question, request: Request, people: People) -> str:
    """ "Closed without an answer: by Bob Reyes", or that the review had ended."""
    if question.closed_by:
        return f"Closed without an answer, by {who(question.closed_by, people)}."
    return f"Closed without an answer: {request.ref} is {request.status.label.lower()}."


def _at(moment: datetime | None) -> str:
    return date(moment) if moment else ""
