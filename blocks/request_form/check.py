"""The last step of the form: everything once more, to look at before it is submitted."""

from collections.abc import Iterable, Iterator
from typing import Any

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, SectionBlock

from blocks.request_form import fields
from blocks.request_form.field import FormField, Kind, at, spoken
from blocks.text import SECTION_LIMIT, clip, escape, line, mrkdwn, packed, plural, words
from store.domain.draft import Draft

VALUE_LIMIT = 400
"""Ours: characters of one value in this overview; all of it is submitted."""
FEATURES_LIMIT = 8_000
"""Ours: characters of all features in this overview. Slack: a view of at most 250 kB."""


def blocks(draft: Draft) -> Iterator[Block]:
    """What was filled in, under the labels it was asked for with."""
    values = {**draft.values, "title": draft.title}
    first = (fields.WHAT_CHANGED,) if draft.repeats else ()
    details = fields.details(draft.category)
    for heading, asked in (
        ("Request", (*first, *fields.request(draft))),
        ("Details", details),
    ):
        yield HeaderBlock(text=words(heading))
        yield from _sections(_row(field, at(values, field.path)) for field in asked)
    if draft.features and any(field.kind is Kind.FEATURES for field in details):
        yield HeaderBlock(text=words(f"Features ({len(draft.features)})"))
        yield from _sections(_features(draft))
    if any(len(spoken(field, at(values, field.path))) > VALUE_LIMIT for field in details):
        said = "✂️ Long text is shortened in this preview; all of it is submitted."
        yield ContextBlock(elements=[mrkdwn(said)])


def _row(field: FormField, value: Any) -> str:
    if field.kind is Kind.FEATURES or field is fields.PROGRAM or value in (None, "", []):
        return ""
    return f"*{field.label}*\n{clip(escape(spoken(field, value)), VALUE_LIMIT)}"


def _features(draft: Draft) -> Iterator[str]:
    """One line each while there is room, then how many are left."""
    room = FEATURES_LIMIT
    for number, feature in enumerate(draft.features):
        said = _feature(draft, feature)
        room -= len(said)
        if room < 0:
            yield f"and {plural(len(draft.features) - number, 'more feature')}"
            return
        yield said


def _feature(draft: Draft, feature: dict[str, Any]) -> str:
    said = [
        line(spoken(field, feature[field.path]), 200)
        for field in fields.feature(draft.category)
        if feature.get(field.path)
    ]
    return " · ".join(said)


def _sections(texts: Iterable[str]) -> Iterator[Block]:
    for text in packed(filter(None, texts), SECTION_LIMIT):
        yield SectionBlock(text=mrkdwn(text), expand=True)
