"""The inside of a rich_text block: docs.slack.dev/reference/block-kit/blocks/rich-text-block."""

from bot.sandbox.limits.specs import Anything, Choice, Flag, Kind, Many, Shape, Spec, Whole, Words

STYLE = Shape({name: Flag() for name in ("bold", "italic", "strike", "code", "underline")})
MENTION_STYLE = Shape(
    {
        name: Flag()
        for name in ("bold", "italic", "strike", "highlight", "client_highlight", "unlink")
    }
)
DATE_STYLE = Shape(
    {
        name: Flag()
        for name in ("bold", "italic", "strike", "highlight", "client_highlight", "underline")
    }
)


def _part(*required: str, **fields: Spec) -> Shape:
    return Shape({"type": Anything(), **fields}, required=required)


_INLINE: dict[str, Shape] = {
    "text": _part("text", text=Words(), style=STYLE),
    "link": _part("url", url=Words(3000), text=Words(), unsafe=Flag(), style=STYLE),
    "emoji": _part("name", name=Words(), unicode=Words(), style=STYLE),
    "user": _part("user_id", user_id=Words(), style=MENTION_STYLE),
    "usergroup": _part("usergroup_id", usergroup_id=Words(), style=MENTION_STYLE),
    "channel": _part("channel_id", channel_id=Words(), style=MENTION_STYLE),
    "team": _part("team_id", team_id=Words(), style=MENTION_STYLE),
    "broadcast": _part("range", range=Choice("here", "channel", "everyone"), style=STYLE),
    "color": _part("value", value=Words()),
    "date": _part(
        "timestamp",
        "format",
        timestamp=Whole(0),
        format=Words(),
        timezone=Words(),
        url=Words(3000),
        fallback=Words(),
        style=DATE_STYLE,
    ),
}
_ELEMENTS = Many(Kind(*_INLINE), least=0)
_BORDER = Whole(0, 1)

PARTS: dict[str, Shape] = {
    **_INLINE,
    "rich_text_section": _part("elements", elements=_ELEMENTS),
    "rich_text_quote": _part("elements", elements=_ELEMENTS, border=_BORDER),
    # Slack: preformatted text takes text and links only
    "rich_text_preformatted": _part(
        "elements",
        elements=Many(Kind("text", "link"), least=0),
        border=_BORDER,
    ),
    "rich_text_list": _part(
        "elements",
        "style",
        elements=Many(Kind("rich_text_section")),
        style=Choice("bullet", "ordered"),
        indent=Whole(0, 8),
        offset=Whole(0),
        border=_BORDER,
    ),
}
TOP = Kind("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
