"""What the controls of one message or view offer and hold, ready to be drawn.

A surface is as one person has it before them: their choices, their directory, their time zone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.actions.people import Person
from bot.sandbox.page.names import Names
from bot.sandbox.state.controls import Control
from bot.sandbox.state.conversations import Conversation
from bot.sandbox.state.fields import KEYS, initial

Json = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One entry of a menu; `value` is what is sent, `text` what is read."""

    value: str
    text: str
    description: str = ""


@dataclass(frozen=True)
class Group:
    """Entries under a heading, which is empty when the menu has none."""

    label: str
    choices: list[Choice]


@dataclass(frozen=True)
class Surface:
    """A message or view in front of a person; `key` makes the ids in it unique on the page."""

    person: Person
    names: Names
    key: str
    state: Mapping[str, Any]
    offered: Mapping[str, list[Json]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    is_view: bool = False

    def held(self, block: Json, element: Json) -> Any:
        """What the control holds: entered by the person, or filled in by the app."""
        if element["type"] not in KEYS:
            return None
        entry = self.state.get(block["block_id"], {}).get(element["action_id"])
        entry = entry or initial(Control(block, element))
        return entry.get(KEYS[element["type"]][0])

    def typed(self, block: Json, element: Json) -> str:
        """A text, number, date or time as its input shows it."""
        held = self.held(block, element)
        if held is None:
            return ""
        if element["type"] == "datetimepicker":
            at = datetime.fromtimestamp(int(held), UTC).astimezone(ZoneInfo(self.person.tz))
            return f"{at:%Y-%m-%dT%H:%M}"
        return _plain(held) if isinstance(held, Mapping) else str(held)

    def groups(self, element: Json) -> list[Group]:
        """What a menu offers, in its groups."""
        kind = str(element["type"])
        if kind.endswith("external_select"):
            return [Group("", _choices(self.offered.get(element["action_id"], [])))]
        if kind.endswith("users_select"):
            return [Group("", self._people())]
        if kind.endswith(("conversations_select", "channels_select")):
            return [Group("", self._places(only_channels="channels" in kind))]
        grouped = element.get("option_groups") or []
        plain = _choices(element.get("options") or [])
        return [
            *([Group("", plain)] if plain else []),
            *(Group(group["label"]["text"], _choices(group["options"])) for group in grouped),
        ]

    def picked(self, block: Json, element: Json) -> list[Choice]:
        """What is chosen in a menu, checkboxes or radio buttons."""
        held = self.held(block, element)
        several = held if isinstance(held, list) else [held] if held else []
        return [
            _choice(one) if isinstance(one, Mapping) else Choice(one, self.names.of(one))
            for one in several
        ]

    def _people(self) -> list[Choice]:
        everybody = self.person.workspace.people.values()
        return [
            Choice(each.id, each.real_name, each.handle) for each in everybody if not each.deleted
        ]

    def _places(self, *, only_channels: bool) -> list[Choice]:
        places: Iterable[Conversation] = self.person.workspace.inbox(self.person)
        return [
            Choice(place.id, self.names.of(place.id))
            for place in places
            if place.kind == "channel" or not only_channels
        ]


def _choices(options: Iterable[Mapping[str, Any]]) -> list[Choice]:
    return [_choice(option) for option in options]


def _choice(option: Mapping[str, Any]) -> Choice:
    about = (option.get("description") or {}).get("text", "")
    return Choice(str(option.get("value", "")), str(option["text"]["text"]), about)


def _plain(rich_text: Mapping[str, Any]) -> str:
    """Rich text without its styles, as the page's editor shows it."""
    sections = rich_text.get("elements", [])
    return "\n".join(
        "".join(part.get("text", "") for part in section.get("elements", []))
        for section in sections
    )
