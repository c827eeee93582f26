"""What a person hears of their export: that it is prepared, how far it is, and how it ended.

One message, redrawn as it goes; the file takes its place. All sentences say what to do next.
"""

from blocks import request_list
from blocks.message import Message
from blocks.notices import plain
from blocks.text import line, plural
from store.domain.export import Export, ExportState
from store.domain.request import People


def accepted(export: Export, people: People) -> Message:
    """The answer to who asked."""
    return plain(
        f"Preparing your download: {_what(export, people)}\nYou will get it as a direct message."
    )


def comment(export: Export, people: People, *, rows: int) -> str:
    """What stands above the file; finished mrkdwn."""
    return f"✅ Your download is here · {plural(rows, 'request')}\n{_what(export, people)}"


def build(export: Export, people: People) -> Message:
    """How it goes, in the asker's direct messages, as long as there is no file."""
    what = _what(export, people)
    match export.state:
        case ExportState.DONE:
            return plain(
                f"Nothing to export: no request matches. Remove a filter and try again.\n{what}"
            )
        case ExportState.FAILED:
            return plain(f"⚠️ Your download could not be sent: {what}\n{_remedy(export.why or '')}")
    so_far = f"\n{plural(export.rows, 'request')} so far" if export.rows else ""
    return plain(f"⏳ Preparing your download: {what}{so_far}")


def _what(export: Export, people: People) -> str:
    command = request_list.command(export.query, people)
    return f"{export.query.scope.label} as {export.format.label} · `{command}`"


def _remedy(why: str) -> str:
    known = _REMEDIES.get(why)
    return known or (
        f"Slack did not take the file ({line(why, 80)}). Please try again in a while; "
        "if that does not help, narrow it with a filter or tell an admin."
    )


_REMEDIES = {
    "missing_scope": (
        "This app may not send files here yet. An admin has to add the scope "
        "`files:write` and install the app again; then ask once more."
    ),
    "no_room": (
        "There is no room for the file on our side: the disk is full. "
        "Please tell an admin, and ask once more after that."
    ),
    "not_made": (
        "Something went wrong on our side while the file was made. Please try again in a while; "
        "if that does not help, narrow it with a filter or tell an admin."
    ),
}
