"""The text of a list's filters, `bills status:approved env:sandbox sort:-created`, and back.

`parse` reads what people and phones type into a command (smart quotes, odd spaces, Slack's
entities). `words` writes the one canonical form; `parse` reads it back as the same query.
Sentences of WordsError are plain text: they are escaped where they are shown.
"""

import re
from difflib import get_close_matches

from store.domain.lists import days
from store.domain.lists.filter_names import (
    CATEGORIES,
    DUE,
    ENVIRONMENTS,
    SENT,
    SORTS,
    STATUSES,
    WAITS,
    WordsError,
    echo,
    of_what_is_open,
)
from store.domain.lists.query import Days, Filter, ListQuery, Scope, Sort, default_sort, sort_of
from store.domain.request import Category, Status
from store.domain.typed_text import DOUBLE_QUOTES, SINGLE_QUOTES, folded, seen, tidy

__all__ = ["WordsError", "parse", "words"]

FREE_WORDS_LIMIT = 100
"""Characters of a search; no mini program name is longer by much."""
STAGE_LIMIT, STAGE_NAME_LIMIT = 5, 75
"""Names in one `stage:`, and characters of one; the policy's are no longer."""
SUBMITTER_LIMIT = 20
"""People in one `by:`, so that a list's words always fit into a button."""

_KEYS = {
    "status": "status",
    "env": "env",
    "environment": "env",
    "category": "category",
    "by": "by",
    "sent": "sent",
    "stage": "stage",
    "created": "created",
    "completed": "completed",
    "due": "due",
    "waits": "waits",
    "sort": "sort",
}
_EXAMPLES = {
    "status": "approved",
    "env": "production",
    "category": "release",
    "by": "me",
    "sent": "refused",
    "stage": "compliance",
    "created": "2026-10",
    "completed": "2026-10",
    "due": "overdue",
    "waits": "submitter",
    "sort": "-created",
}
_KNOWN_KEYS = (
    "You can filter by status, env, category, by, sent, stage, created, completed, due and "
    "waits, and sort."
)

# What phones and other keyboards write for the few signs that mean something here.
_SIGNS = str.maketrans(
    {
        **dict.fromkeys(DOUBLE_QUOTES, '"'),
        **dict.fromkeys(SINGLE_QUOTES, "'"),
        **dict.fromkeys("，﹐", ","),
        # Invisible marks that come along with pasted text.
        **dict.fromkeys("\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e", ""),
        **dict.fromkeys("\u2066\u2067\u2068\u2069", ""),
    }
)

_TOKEN = re.compile(
    r"""\s+ | "(?P<quoted>[^"]*)" | (?P<link><[^<>]*>)
    | (?P<key>[^\W\d][\w-]*)(?P<gap>\s*)(?P<colon>[:：﹕])(?!//)
    | (?P<word>[^\s"<]+|.)""",
    re.VERBOSE,
)
# Labels of several words need no quotes. Any "mini program …" is one, so that a slip in the last
# word is answered with the right name.
_LABELS = "|".join(
    (
        r"mini\s+program\s+\w+",
        *(
            r"\s+".join(map(re.escape, each.label.split()))
            for each in (*Status, *Category)
            if " " in each.label
        ),
    )
)
# A bare word before a colon is the next key, not a value.
_VALUE = re.compile(
    rf"""\s*(?: "(?P<quoted>[^"]*)" | (?P<plain> <[^<>]*>
    | (?i:{_LABELS})\b
    | [^\s,":：﹕]++(?!\s*[:：﹕]) ))""",
    re.VERBOSE,
)
_COMMAS = re.compile(r"(?:\s*,)+")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")


def parse(text: str, scope: Scope, asker: str) -> ListQuery:
    """The list these words ask for; `asker` is who `by:me` means. Raises WordsError.

    `text` is what Slack delivers: people as `<@U123|name>`, and `&`, `<` and `>` as entities.
    """
    given, free = _split(" ".join(tidy(text).translate(_SIGNS).split()))
    wanted = Filter(
        statuses=STATUSES.chosen(given["status"]),
        environments=ENVIRONMENTS.chosen(given["env"]),
        categories=CATEGORIES.chosen(given["category"]),
        submitters=_submitters(given["by"], asker),
        sent=SENT.chosen(given["sent"]),
        stages=_stages(given["stage"]),
        created=_days("created", given["created"]),
        completed=_days("completed", given["completed"]),
        due=DUE.chosen(given["due"]),
        waits=WAITS.chosen(given["waits"]),
        words=_free_words(free),
    )
    sort = sort_of(wanted, _sort(given["sort"], scope))
    return ListQuery(scope, of_what_is_open(wanted, sort), sort)


def words(query: ListQuery) -> str:
    """The canonical words of a list, without its scope and page; empty for the plain list."""
    wanted = query.filter
    parts = {
        "status": [STATUSES.name(status) for status in wanted.statuses],
        "env": [ENVIRONMENTS.name(environment) for environment in wanted.environments],
        "category": [CATEGORIES.name(category) for category in wanted.categories],
        "by": [f"<@{user}>" for user in wanted.submitters],
        "sent": [SENT.name(answer) for answer in wanted.sent],
        "stage": [_stage(name) for name in wanted.stages],
        "created": _written(wanted.created),
        "completed": _written(wanted.completed),
        "due": [DUE.name(each) for each in wanted.due],
        "waits": [WAITS.name(each) for each in wanted.waits],
        "sort": [] if query.sort is default_sort(query.scope) else [query.sort.value],
    }
    filters = (f"{key}:{','.join(values)}" for key, values in parts.items() if values)
    return " ".join(part for part in (_escaped(wanted.words), *filters) if part)


def _split(text: str) -> tuple[dict[str, list[str]], list[str]]:
    """The values given for each key, and the free words."""
    given: dict[str, list[str]] = {key: [] for key in _EXAMPLES}
    free: list[str] = []
    place = 0
    while token := _TOKEN.match(text, place):
        place = token.end()
        name = token["key"]
        key = _KEYS.get(name.casefold()) if name else None
        if key:
            values, place = _values(text, place, key)
            given[key] += values
        elif name:
            # A colon in a word that is no key is text; only what looks like a slip is asked about.
            # "Stat : x" is prose, and a full-width colon stands in names.
            if token["colon"] == ":" and not token["gap"] and (near := _nearest_key(name)):
                raise WordsError(_unknown_key(name, near))
            free.append(name)
            place = token.end("key")
        else:
            free.append(token["quoted"] or token["link"] or token["word"] or " ")
    return given, free


def _values(text: str, place: int, key: str) -> tuple[list[str], int]:
    values = []
    while True:
        if value := _VALUE.match(text, place):
            values.append((value["quoted"] or value["plain"] or "").strip())
            place = value.end()
        commas = _COMMAS.match(text, place)
        if not commas:
            break
        place = commas.end()
    if not any(values):
        raise WordsError(f"`{key}:` needs a value, for example `{key}:{_EXAMPLES[key]}`.")
    return [value for value in values if value], place


def _free_words(free: list[str]) -> str:
    if any(map(_MENTION.fullmatch, free)):
        raise WordsError("To filter by a person, write `by:` before the name.")
    text = " ".join(seen("".join(free)).replace('"', " ").split())
    if len(text) > FREE_WORDS_LIMIT:
        raise WordsError(
            f"A search has at most {FREE_WORDS_LIMIT} characters, and this has {len(text):,}."
        )
    return text


def _submitters(values: list[str], asker: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_submitter(value, asker) for value in values))
    if len(found) > SUBMITTER_LIMIT:
        raise WordsError(f"`by:` takes at most {SUBMITTER_LIMIT} people.")
    return found


def _submitter(value: str, asker: str) -> str:
    mention = _MENTION.fullmatch(value)
    if mention:
        return mention[1]
    if value.casefold() == "me":
        return asker
    raise WordsError(
        f"I don't know who {echo(value)} is. After `by:` type @ and pick the person; `me` is you."
    )


def _stages(values: list[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(folded(seen(value)) for value in values))
    if len(found) > STAGE_LIMIT or any(len(name) > STAGE_NAME_LIMIT for name in found):
        raise WordsError(
            f"`stage:` takes at most {STAGE_LIMIT} names of at most {STAGE_NAME_LIMIT} characters."
        )
    return found


def _days(key: str, values: list[str]) -> Days:
    if len(values) > 1:
        raise WordsError(f"`{key}:` takes one period, for example `{key}:2026-10-01..2026-10-31`.")
    return days.parse(values[0]) if values else Days()


def _written(chosen: Days) -> list[str]:
    text = days.written(chosen)
    return [_entities(text)] if text else []


def _sort(values: list[str], scope: Scope) -> Sort:
    chosen = SORTS.chosen(values)
    if len(chosen) > 1:
        raise WordsError("`sort:` takes one order, for example `sort:-created`.")
    return chosen[0] if chosen else default_sort(scope)


def _nearest_key(name: str) -> str | None:
    near = get_close_matches(name.casefold(), _KEYS, n=1, cutoff=0.54)
    return near[0] if near else None


def _unknown_key(name: str, near: str) -> str:
    quoted = "To search for the word itself, put it in quotes."
    return f"I don't know {echo(name + ':')}. Did you mean `{near}:`? {_KNOWN_KEYS} {quoted}"


def _stage(name: str) -> str:
    """A stage's name as `parse` takes it; in quotes where it would end the word."""
    return f'"{_entities(name)}"' if re.search(r"[^\w-]", name) else name


def _escaped(free: str) -> str:
    """Free words that `parse` reads back unchanged; most stay as they are.

    Smart quotes go as well: `parse` would take them for the end of the quoted words.
    """
    text = _entities(" ".join(tidy(free).translate(_SIGNS).replace('"', " ").split()))
    return f'"{text}"' if re.search("[:：﹕,]", text) else text


def _entities(text: str) -> str:
    """Text as Slack delivers it, so that it is read back as it is."""
    return re.sub(r"&(?=(?:amp|lt|gt);)", "&amp;", text).replace("<", "&lt;")
