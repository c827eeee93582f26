"""What the form asks of a draft beyond what every request has to be.

An import brings what the platform has taken already, so none of this is asked there. Pure; each
rule has one sentence, for the person who fills in the form.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from store.domain.categories.stored import Stored, bytes_of, items, size, text_of
from store.domain.draft import Draft
from store.domain.json_values import FieldProblem
from store.domain.request import Category, Request

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(\*\.)?({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}(:[0-9]{{1,5}})?", re.IGNORECASE)


def problems(draft: Draft, released: Request | None) -> tuple[FieldProblem, ...]:
    """What is wrong with the draft, one a field; `released` is the last approved release of its
    mini program that its writer may see.
    """
    details = draft.interchange()["details"]
    if draft.category is Category.OPTIMIZATION:
        return tuple(_sizes(details))
    return (*_logo(details), *_whitelist(details), *_type(details, released))


def odd_id(values: Mapping[str, Any], known: Collection[int]) -> str:
    """A remark where the id is not as long as any that is known; plain text, else empty."""
    number = str((values.get("mini_program") or {}).get("id") or "")
    if not number or not known or len(number) in known:
        return ""
    lengths = " or ".join(map(str, sorted(known)))
    return f"The id {number} has {len(number)} digits; those known here have {lengths}."


def _logo(details: Stored) -> Iterator[FieldProblem]:
    address = text_of(details.get("logo")).strip()
    if not address:
        return
    try:
        parts = urlsplit(address)
        whole = parts.scheme == "https" and "." in (parts.hostname or "") and " " not in address
    except ValueError:
        whole = False
    if not whole:
        sentence = "Use the link to the image, such as https://example.com/logo.png."
        yield FieldProblem("details.logo", sentence)


def _whitelist(details: Stored) -> Iterator[FieldProblem]:
    for each in map(text_of, items(details.get("whitelist"))):
        if not _DOMAIN.fullmatch(each.strip()):
            shown = each if len(each) <= 40 else f"{each[:39]}…"
            sentence = f"“{shown}” is not a domain; write it like api.example.com."
            yield FieldProblem("details.whitelist", sentence)
            return


def _type(details: Stored, released: Request | None) -> Iterator[FieldProblem]:
    before = text_of(released.details.get("type")) if released else ""
    asked = text_of(details.get("type"))
    if released and before in {"DSL", "H5+"} and asked and asked != before:
        sentence = (
            f"{released.mini_program_name} was released as {before} ({released.ref}), and the "
            "platform does not change a type: another type is another mini program."
        )
        yield FieldProblem("details.type", sentence)


def _sizes(details: Stored) -> Iterator[FieldProblem]:
    whole, main, sub = (
        bytes_of(f"{part}_package_size", details) for part in ("whole", "main", "sub")
    )
    if sub and details.get("subpackage_enabled") is False:
        sentence = "Leave this empty: sub-packages are not enabled."
        yield FieldProblem("details.sub_package_size", sentence)
    elif whole is not None and main is not None and main > whole:
        sentence = f"The main package cannot be larger than the whole ({size(whole)})."
        yield FieldProblem("details.main_package_size", sentence)
    elif whole is not None and (main or 0) + (sub or 0) > whole:
        sentence = f"Main and sub-packages are larger together than the whole ({size(whole)})."
        yield FieldProblem("details.sub_package_size", sentence)
