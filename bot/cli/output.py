"""What the command line prints to. What becomes of the words decides nothing over the work."""

import io
import sys
from typing import Any


def prepare() -> None:
    """Let printing never fail, whoever reads.

    A character that a terminal or file cannot show is spelled out (`\\u4e2d`); a reader who has
    left (`| head`) misses the rest, and nothing more.
    """
    sys.stdout = _prepared(sys.stdout)
    sys.stderr = _prepared(sys.stderr)


def _prepared(stream: Any) -> Any:
    if not isinstance(stream, io.TextIOWrapper):  # somebody has put their own there
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Descriptor(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=True,
    )


class _Descriptor(io.FileIO):
    """Swallows what is written to a pipe that is closed."""

    def write(self, words: Any) -> int:
        """As FileIO has it."""
        try:
            return super().write(words)
        except BrokenPipeError:
            return len(words)
