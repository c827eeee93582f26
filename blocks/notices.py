"""Short messages that ask nothing: how a request ended, help, one plain sentence.

Every sentence says what is so and what to do next. Sentences given to this module are finished
mrkdwn: whoever puts a person's words into one has made them safe with `blocks.text`.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from slack_sdk.models.blocks import ButtonElement, InteractiveElement, SectionBlock
from slack_sdk.models.views import View

from blocks import approval_notes, buttons, request_text, text
from blocks.categories import SCREENS
from blocks.message import FALLBACK_LIMIT, Message
from store.domain import release_stages
from store.domain.access import Role
from store.domain.checkpoint import Checkpoint
from store.domain.lifecycle import Act
from store.domain.lists.filter_names import CATEGORIES, ENVIRONMENTS, SENT, STATUSES
from store.domain.request import People, Request, Status

TOO_LATE = (
    "This took too long, so it was stopped: nothing was changed. Please try again in a moment."
)
NOT_SURE_YET = (
    "This takes longer than it should, and it is not sure yet whether it took effect. Your card "
    "will show it, and you get a message as soon as it is known."
)
TITLE_LIMIT = 24
"""Slack: a modal's title."""


def outcome(request: Request, people: People) -> Message:
    """To the submitter, once it is decided: the decision, by whom, the reason, the next step."""
    named = f"{request_text.named(request)} · {request.ref}"
    decider = request_text.decider(request, people)
    by = f" · by {decider}" if decider else ""
    said = f"{request_text.verdict(request)}\n*{request_text.title(request)}* · {request.ref}{by}"
    reasons = filter(None, (request.decision_reason, request.platform_reason))
    reason = [request_text.quote(request, each) for each in reasons]
    alone = filter(None, [request_text.emergency(request, people)])
    noted = approval_notes.told(request, people)
    sentences = [said, *alone, *reason, *noted, *filter(None, [next_step(request)])]
    return Message(
        text.clip(f"{request.status.label}: {named}{by}", FALLBACK_LIMIT),
        (
            *map(section, sentences),
            buttons.row(
                *_stage(request),
                *_again(request),
                *buttons.on_platform(request),
                buttons.details(request),
            ),
        ),
    )


def _stage(request: Request) -> list[InteractiveElement]:
    return [buttons.release_stage(request)] if release_stages.possible(request) else []


def _again(request: Request) -> list[ButtonElement]:
    ended = request.status is Status.REJECTED or request.is_refused_there
    return [buttons.again(request)] if ended else []


def not_accepted(request: Request, people: People, *, reader: str, may_send: bool) -> Message:
    """The platform did not accept an approval: to its submitter, and to the admins."""
    named = f"{request_text.named(request)} · {request.ref}"
    by = request_text.decider(request, people)
    said = f"{request_text.verdict(request)}\n*{request_text.title(request)}* · {request.ref}"
    said += f" · approved by {by}" if by else ""
    row = [buttons.send_again(request)] if may_send else []
    row += [buttons.again(request)] if reader == request.submitted_by else []
    row += buttons.on_platform(request)
    sentences = [
        said,
        request_text.quote(request, request.platform_reason or ""),
        next_step(request),
    ]
    return Message(
        text.clip(f"Not accepted by the platform: {named}", FALLBACK_LIMIT),
        (*map(section, sentences), buttons.row(*row, buttons.details(request))),
    )


def next_step(request: Request) -> str:
    """What the submitter can do now; empty while the request is open."""
    match request.status:
        case Status.APPROVED if request.is_refused_there:
            return (
                "Change what the platform names and submit it again, or ask an admin to "
                "send this one again."
            )
        case Status.APPROVED:
            if request.release_stage:
                return f"It is in *{request.release_stage.label}* now."
            return SCREENS[request.category].approved(request.environment)
        case Status.REJECTED:
            return "Change what the reason names, then submit it again."
        case Status.WITHDRAWN:
            return "Nothing was changed. You can submit it again at any time."
    return ""


def emergency(request: Request, people: People, acts: AbstractSet[Act]) -> Message:
    """To those who were passed over, and to who reviews it."""
    by = text.who(request.decided_by or "", people)
    is_theirs = Act.MARK_REVIEWED in acts
    said = (
        f"{request_text.emergency(request, people)}\n"
        f"*{request_text.title(request)}* · {request.ref}\n"
        + ("Look at it, then mark it as reviewed." if is_theirs else "You need not decide it.")
    )
    marking = [buttons.mark_reviewed(request)] if is_theirs else []
    return Message(
        text.clip(
            f"Approved in an emergency by {by} alone: {request_text.named(request)}", FALLBACK_LIMIT
        ),
        (
            *map(section, (said, request_text.quote(request, request.decision_reason or ""))),
            buttons.row(*marking, buttons.details(request)),
        ),
    )


def watched(request: Request, people: People) -> Message:
    """To who watches it, once it has ended: how."""
    ended = request_text.ending(request, people)
    reasons = [request_text.quote(request, each) for each in (request.decision_reason,) if each]
    said = f"👀 You watched {request.ref}:\n{ended}"
    by = request_text.decider(request, people)
    return Message(
        text.clip(
            f"{request.status.label}: {request_text.named(request)} · {request.ref}"
            f"{f' · by {by}' if by else ''}",
            FALLBACK_LIMIT,
        ),
        (
            *map(section, (said, *reasons)),
            *approval_notes.folded(request, people),
            buttons.row(buttons.details(request)),
        ),
    )


def nudge(request: Request) -> Message:
    """To the submitter of a release that was approved days ago and has not moved since."""
    approved = text.date(request.completed_on) if request.completed_on else "some time ago"
    stage = release_stages.current(request)
    place = f", still in {stage.label}" if stage else ""
    said = (
        f"⏰ *{request_text.title(request)}* · {request.ref} was approved {approved}{place}; "
        "its stage has not been updated since."
    )
    return Message(
        text.clip(
            f"Approved, not live: {request_text.named(request)} · {request.ref}", FALLBACK_LIMIT
        ),
        (
            section(said),
            buttons.row(*_stage(request), *buttons.on_platform(request), buttons.details(request)),
        ),
    )


def withdrawn(request: Request, people: People) -> Message:
    """To those who had it to review: it is gone, and nothing is left to do."""
    by = text.who(request.submitted_by, people)
    said = (
        f"{request_text.verdict(request)} by {by}\n"
        f"*{request_text.title(request)}* · {request.ref}\n"
        "Nothing is left for you to do."
    )
    return Message(
        text.clip(f"{by} withdrew {request_text.named(request)} · {request.ref}", FALLBACK_LIMIT),
        (section(said), buttons.row(buttons.details(request))),
    )


def help(rows: Iterable[tuple[str, str]], role: Role | None = None) -> Message:
    """Subcommands with one line each; all of them, then how a list is narrowed, or what one role
    uses, then the way to begin and to the rest.

    A row: the subcommand as one types it, and its meaning in finished mrkdwn.
    """
    lines = [f"`/mp-requests {example}`  {meaning}" for example, meaning in rows]
    listed = section("\n".join(lines))
    if role is None:
        return Message("What `/mp-requests` can do", (listed, section(_NARROW)))
    first = {
        Role.SUBMITTER: buttons.link("New request", buttons.NEW),
        Role.REVIEWER: buttons.link("Open My Approvals", buttons.LIST_APPROVALS),
        Role.ADMIN: buttons.link("Open My Approvals", buttons.LIST_APPROVALS),
    }[role]
    ways = buttons.row(first, buttons.link("All commands", buttons.HELP))
    return Message("What you can do here", (listed, ways))


def plain(sentence: str) -> Message:
    """One sentence of finished mrkdwn."""
    return answers([sentence])


def answers(sentences: Sequence[str], next_acts: Sequence[ButtonElement | None] = ()) -> Message:
    """What became of each of several acts: a sentence of finished mrkdwn each, and beside it the
    button for what can be done next.
    """
    shown = [section(sentence) for sentence in sentences]
    for block, button in zip(shown, next_acts, strict=False):
        block.accessory = button
    return Message(text.clip(sentences[0], FALLBACK_LIMIT), tuple(shown))


def answers_view(title: str, sentences: Sequence[str]) -> View:
    """The same as a modal."""
    return as_view(title, answers(sentences))


def as_view(title: str, message: Message) -> View:
    """What a message shows, as a modal."""
    return View(
        type="modal",
        title=text.words(text.plain(title, TITLE_LIMIT)),
        close=text.words("Close"),
        blocks=list(message.blocks),
    )


def decided(request: Request, people: People) -> str:
    """To who just decided by command or form: how it stands now, and in what words."""
    if request.is_open:
        counts = f"✓ Your approval of {request_text.named(request)} · {request.ref} counts."
        return f"{counts}\n{request_text.stages(request, people)}"
    reason = (
        f"\n{request_text.quote(request, request.decision_reason)}"
        if request.decision_reason
        else ""
    )
    named = f"{request_text.named(request)} · {request.ref}"
    return f"{request_text.verdict(request)}\n{named}{reason}"


def other_content(request: Request, fields: Iterable[str]) -> str:
    """What was handed in is on record already, and was not like this; in finished mrkdwn."""
    named = ", ".join(text.line(field, 80) for field in fields)
    return f"{request.ref} was submitted with other content: {named}"


def which_request(requests: Sequence[Request]) -> View:
    """The requests that a message names, each with the way to it, as a modal."""
    named = [f"*{request_text.named(each)}*\n{each.ref}" for each in requests]
    ways = [buttons.details(each, "View") for each in requests]
    return as_view("Which request?", answers(named, ways))


def notice_view(title: str, sentence: str) -> View:
    """A modal with one sentence of finished mrkdwn, to answer inside a modal."""
    return answers_view(title, [sentence])


def late_answer(asked_at: datetime, *, took_effect: bool | None) -> Message:
    """To whom we said that we were not sure: what became of it; None where nobody can say."""
    when = f"What you asked for {text.date(asked_at)}"
    if took_effect is None:
        said = f"{when} may have taken effect or not. Look at the request before you try again."
    elif took_effect:
        said = f"{when} took effect. Nothing is left for you to do."
    else:
        said = f"{when} did not take effect: nothing was changed. Please try again."
    return plain(said)


def hook_paused(url: str, why: str) -> Message:
    """To the admins: a platform hears no more of what happens here, until somebody resumes it."""
    said = (
        f"⚠️ Webhooks to {text.line(url, 300)} are paused: {text.line(why, 300)}.\n"
        "What it is owed is kept for 30 days. Once it answers again: "
        "`mp-approvals hooks resume URL`."
    )
    return Message(text.clip(f"Webhooks are paused: {url}", FALLBACK_LIMIT), (section(said),))


def contradiction(request: Request, act: Act, decider: str, people: People) -> Message:
    """To the admins: the platform has decided otherwise than it is on record here."""
    there = f"{text.line(decider, 80)} {_THERE[act]} it on the platform's own page"
    here = f"{request.ref} is on record here as {request.status.label.lower()}"
    by = request_text.decider(request, people)
    said = (
        f"⚠️ *{request_text.title(request)}* · {there}, but {here}{f' by {by}' if by else ''}.\n"
        "Nothing was changed here. Please settle with the platform which of the two holds."
    )
    return Message(
        text.clip(f"Decided twice: {request_text.named(request)} · {request.ref}", FALLBACK_LIMIT),
        (section(said), buttons.row(buttons.details(request))),
    )


_THERE = {Act.APPROVE: "approved", Act.REJECT: "rejected"}


def departure(reviewer: str, waiting: Sequence[Request], total: int, people: People) -> Message:
    """To the admins: this reviewer has left Slack, and so many requests still wait on them."""
    who = text.who(reviewer, people)
    refs = ", ".join(request.ref for request in waiting)
    more = f" and {total - len(waiting)} more" if total > len(waiting) else ""
    said = (
        f"⚠️ {who} has left Slack, and this is still waiting for them: {refs}{more}.\n"
        "The other reviewers of a request can decide it, and so can you: "
        f"`/mp-requests show {waiting[0].ref}`. Then take them out of the policy or its user group."
    )
    return Message(text.clip(f"{who} has left: {refs}{more}", FALLBACK_LIMIT), (section(said),))


def stuck(request: Request, people: People) -> Message:
    """To the admins: nobody who was asked at the open stage of a request may decide it any more."""
    stage = text.line(request.stage_now.name, 80)
    said = (
        f"⚠️ *{request_text.title(request)}* · {request.ref} is stuck at “{stage}”: nobody who was "
        "asked there can decide any more.\n"
        f"{request_text.stages(request, people)}\n"
        "Put people into `reviewers` of that stage in the policy, then run `mp-approvals policy "
        "apply`; where admins decide, you can decide it yourself."
    )
    return Message(
        text.clip(f"Stuck: {request_text.named(request)} · {request.ref}", FALLBACK_LIMIT),
        (section(said), buttons.row(buttons.details(request))),
    )


def policy_refused(problem: str) -> Message:
    """To the admins: the policy file was changed and cannot be used; `problem` is a sentence."""
    said = (
        "⚠️ The policy file was changed and cannot be used, so the policy before it stays in force."
        f"\n{text.line(problem, 1500)}"
    )
    return Message(
        text.clip(f"The policy file cannot be used: {problem}", FALLBACK_LIMIT), (section(said),)
    )


def policies_differ() -> Message:
    """To the admins: replicas of the bot read different policy files."""
    said = (
        "⚠️ Replicas of this app go by different policies, so what one refuses another may allow. "
        "Put the same policy file on each of them; `mp-approvals doctor` names the one it reads."
    )
    return Message("Replicas go by different policies", (section(said),))


def checkpoint(made: Checkpoint) -> Message:
    """For auditors: what the record was at this moment. The line is what a program reads."""
    said = f"Checkpoint of the record: {made.size:,} events"
    line = text.escape(made.line())
    return Message(said, (section(f"{said}, {text.date(made.at)}\n```{line}```"),))


_NARROW = "\n".join(
    (
        "*Narrow a list* with words from a mini program's name, its id, or:",
        f"`status:{'` · `'.join(STATUSES.canonical)}`",
        f"`env:{'` · `'.join(ENVIRONMENTS.canonical)}`",
        f"`category:{'` · `'.join(CATEGORIES.canonical)}`",
        "`by:@somebody` · `by:me` · `stage:compliance` · `due:overdue`",
        "`created:2026-10` · `completed:>2026-11-01` · `created:2026-10-01..2026-10-31`",
        f"`sent:{'` · `'.join(SENT.canonical)}` (what the platform said to approvals)",
        "Several values with commas: `status:approved,rejected`",
        "*Sort* with `sort:-created` (newest first), `created`, `completed` or `due`.",
    )
)


def section(sentence: str) -> SectionBlock:
    """Finished mrkdwn as a block of its own, shown whole."""
    return SectionBlock(text=text.mrkdwn(text.clip(sentence, text.SECTION_LIMIT)), expand=True)
