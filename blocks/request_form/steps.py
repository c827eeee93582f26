"""The request form, step by step: the request, its details, a look at all of it.

One modal changes from step to step; only a feature is asked for on top of it. Which draft a modal
shows stands in its private_metadata, what was typed in the draft, so nothing is lost on the way.
What is valid is said by `store.domain.submission`, for every entrance alike.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, SectionBlock
from slack_sdk.models.views import View

from blocks import buttons, request_text
from blocks.request_form import check, features
from blocks.request_form import fields as form_fields
from blocks.request_form.field import FormField, Kind, at, draw, spoken
from blocks.text import SECTION_LIMIT, clip, escape, line, mrkdwn, quote, words
from store.domain.draft import Draft
from store.domain.json_values import FieldProblem
from store.domain.request import Request

ERROR_LIMIT = 300
"""Ours: what still reads as one remark under an input."""


class Step(StrEnum):
    """The modal's callback id at each step."""

    REQUEST = "request.form.request"
    DETAILS = "request.form.details"
    CHECK = "request.form.check"

    @property
    def number(self) -> int:
        """From 1."""
        return list(Step).index(self) + 1

    @property
    def next(self) -> "Step":
        """The step after; the last has none and stays."""
        return list(Step)[min(self.number, len(Step) - 1)]

    @property
    def previous(self) -> "Step":
        """The step before; the first has none and stays."""
        return list(Step)[max(self.number - 2, 0)]


def fields(draft: Draft, step: Step) -> tuple[FormField, ...]:
    """What is asked for at a step."""
    match step:
        case Step.REQUEST:
            first = (form_fields.WHAT_CHANGED,) if draft.repeats else ()
            return (*first, *form_fields.request(draft))
        case Step.DETAILS:
            return form_fields.details(draft.category, known=draft.filled_from is not None)
        case Step.CHECK:
            return ()


def build(
    draft: Draft,
    step: Step,
    *,
    remarks: Mapping[str, str] | None = None,
    notice: str = "",
    said: Sequence[str] = (),
) -> View:
    """The modal at a step.

    `remarks` are sentences by field, drawn below its input; `notice` is why it was not submitted;
    `said` are sentences to know before going on. All are finished mrkdwn.
    """
    body = check.blocks(draft) if step is Step.CHECK else _asked(draft, step, remarks)
    return View(
        type="modal",
        callback_id=step.value,
        notify_on_close=True,
        private_metadata=draft.id,
        title=words(draft.category.label if draft.category else "New request"),
        submit=words(_submit(draft, step)),
        close=words("Cancel"),
        blocks=[*_head(draft, step, notice), *map(_sentence, said), *body, *_back(step)],
    )


def errors(problems: Iterable[FieldProblem], asked: Iterable[FormField]) -> dict[str, str]:
    """The plain sentences by block id, as Slack's `response_action: errors` takes them.

    Problems of fields that are not asked for here are left out.
    """
    found: dict[str, list[str]] = {}
    here = tuple(asked)
    for problem in problems:
        for block, sentence in _placed(problem, here):
            if sentence not in found.setdefault(block, []):
                found[block].append(sentence)
    return {block: clip(" ".join(said), ERROR_LIMIT) for block, said in found.items()}


def remarks(problems: Iterable[FieldProblem], asked: Iterable[FormField]) -> dict[str, str]:
    """The same as finished mrkdwn, to be drawn below what is no input, or after a refusal."""
    return {block: escape(said) for block, said in errors(problems, asked).items()}


def where(draft: Draft, problems: Iterable[FieldProblem]) -> Step:
    """The first step that asks for something that is wrong; the last for what no step asks."""
    listed = tuple(problems)
    held = (step for step in Step if errors(listed, fields(draft, step)))
    return next(held, Step.CHECK)


def inputs(asked: Iterable[FormField]) -> frozenset[str]:
    """The ids of those blocks that Slack shows an error under."""
    return frozenset(field.path for field in asked if field.kind is not Kind.FEATURES)


def _head(draft: Draft, step: Step, notice: str) -> Iterator[Block]:
    if notice:
        # No alert: this view may go into an ack, where Slack takes none, and asks for no second.
        yield SectionBlock(text=mrkdwn("⛔ *Not submitted yet.*"))
        yield SectionBlock(text=mrkdwn(clip(notice, SECTION_LIMIT)), expand=True)
    if draft.repeats:
        yield from _before(draft.repeats)
    if draft.unchanged and draft.repeats and step is Step.CHECK:
        asked = f"❓ *Nothing is different from {draft.repeats.ref}. Submit it as it is?*"
        yield SectionBlock(text=mrkdwn(asked))
    named = f" · {line(draft.title, 200)}" if step is not Step.REQUEST else ""
    yield ContextBlock(elements=[mrkdwn(f"Step {step.number} of {len(Step)}{named}")])


def _sentence(said: str) -> SectionBlock:
    return SectionBlock(text=mrkdwn(clip(said, SECTION_LIMIT)))


def _before(repeated: Request) -> Iterator[Block]:
    """How the request ended that is submitted again, and why: what has to be mended."""
    yield SectionBlock(text=mrkdwn(f"🔁 {repeated.ref}: {request_text.verdict(repeated)}"))
    if repeated.decision_reason:
        yield SectionBlock(text=mrkdwn(quote(repeated.decision_reason)))


def _submit(draft: Draft, step: Step) -> str:
    if step is not Step.CHECK:
        return "Next"
    return "Submit unchanged" if draft.unchanged else "Submit for Review"


def _asked(draft: Draft, step: Step, remarks: Mapping[str, str] | None) -> Iterator[Block]:
    before = draft.repeats
    named = form_fields.named_by(before.rejection_class if before else None)
    for asked in fields(draft, step):
        field = asked if named.isdisjoint(asked.paths) else form_fields.marked(asked)
        if field.kind is Kind.FEATURES:
            yield from features.listed(draft, field)
        else:
            if field.path == "title" and draft.title and draft.category:
                usual = replace(draft, values={**draft.values, "title": None}).title
                field = replace(field, hint=f"Leave empty for “{usual}”.")
            yield draw(field, at(draft.values, field.path), filled=draft.program)
        remark = (remarks or {}).get(field.path)
        if remark:
            yield ContextBlock(elements=[mrkdwn(f"⛔ {remark}")])
    if step is Step.DETAILS and draft.filled_from:
        yield from _shown(draft)


def _shown(draft: Draft) -> Iterator[Block]:
    """What was filled in and is not asked for: only shown."""
    asked = set(fields(draft, Step.DETAILS))
    rest = [field for field in form_fields.details(draft.category) if field not in asked]
    rows = [
        f"*{field.label}:* {line(spoken(field, value), 200)}"
        for field in rest
        if (value := at(draft.values, field.path)) not in (None, "", [])
    ]
    if rows:
        heading = f"From its last release, MP-{draft.filled_from}:"
        yield _sentence("\n".join((heading, *rows)))


def _back(step: Step) -> list[ActionsBlock]:
    if step is Step.REQUEST:
        return []
    return [
        buttons.row(buttons.link("Back", buttons.FORM_BACK, step.value, about="the step before"))
    ]


def _placed(problem: FieldProblem, asked: Iterable[FormField]) -> Iterator[tuple[str, str]]:
    for field in asked:
        for path in field.paths:
            if problem.field == path:
                yield field.path, problem.sentence
            elif problem.field.startswith(f"{path}."):
                yield field.path, _within(problem.field[len(path) + 1 :], problem.sentence)


def _within(rest: str, sentence: str) -> str:
    """Says which entry of a list is meant: `0.version` is "Number 1, version"."""
    number, _, key = rest.partition(".")
    if not number.isdigit():
        return sentence
    return f"Number {int(number) + 1}{f', {key}' if key else ''}: {sentence}"
