"""The file an import reads: a path, a pipe or standard input; plain, or gzip; lines, or one array.

What must stay true: each request comes out by itself as the bytes of one JSON value, so that
whatever is wrong with one of them stops no other.
"""

import gzip
import io
import os
import re
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from bot.settings import SettingsError

STANDARD_INPUT = Path("-")
_HEAD = 16
"""Bytes by which a kind of file is known."""
_GZIP = b"\x1f\x8b"
_UTF16 = "{name} is UTF-16 text. Convert it: iconv -f UTF-16 -t UTF-8 {name} > requests.jsonl"
_OTHER_KINDS = (
    (b"\xff\xfe", _UTF16),
    (b"\xfe\xff", _UTF16),
    (b"BZh", "{name} is bzip2. Unpack it: bunzip2 -c {name} | mp-approvals import -"),
    (b"\xfd7zXZ", "{name} is xz. Unpack it: xz -dc {name} | mp-approvals import -"),
    (b"\x28\xb5\x2f\xfd", "{name} is zstd. Unpack it: zstd -dc {name} | mp-approvals import -"),
    (
        b"PK\x03\x04",
        "{name} is a zip archive or an Excel file. Save it as JSON, one request per line.",
    ),
)
"""How files begin that are no text we read, and what to say of them."""
_SEVERAL_LINES = (
    "{name} is JSON over several lines. Put each request on a line of its own: "
    "jq -c . {name} > requests.jsonl"
)
_NO_END = "{name} ends inside its array; is it whole? What is complete in it was read."
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{},]')


class RequestFile:
    """`size` is in bytes, None where nobody knows it. `unit` is what the numbers count.

    `broken` is a sentence when the file could not be read to its end, else empty; it is said once
    `values` has ended.
    """

    def __init__(self, name: str, stream: io.BufferedReader, size: int | None) -> None:
        self.name, self.size = name, size
        self.unit = "line"
        self.broken = ""
        self._counted = _Counted(stream)

    @property
    def taken(self) -> int:
        """Bytes of the file that were read so far."""
        return self._counted.taken

    def values(self) -> Iterator[tuple[int, bytes]]:
        """Each value by its number: the line it stands on, or its place in the array."""
        try:
            yield from self._values(io.BufferedReader(self._counted))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self._break(f"{{name}} is gzip, but not whole ({error}); what came before was read.")
        except OSError as error:
            self._break(f"{{name}} could not be read to its end: {error.strerror or error}.")

    def _values(self, plain: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
        head = plain.peek(_HEAD)[:_HEAD]
        if head.startswith(_GZIP):
            yield from self._values(io.BufferedReader(gzip.GzipFile(fileobj=plain)))
            return
        if wrong := _other_kind(head):
            self._break(wrong)
            return
        lines = enumerate(plain, start=1)
        for number, line in lines:
            begun = line.removeprefix(_BYTE_ORDER_MARK).strip()
            if begun.startswith(b"["):
                self.unit = "request"
                rest = (line for _, line in lines)
                yield from enumerate(self._elements(chain([line], rest)), start=1)
            elif begun == b"{":
                self._break(_SEVERAL_LINES)
                return
            elif begun:
                yield number, line
                yield from lines

    def _elements(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The values of one array, as far as its brackets and commas tell them apart."""
        depth, value = 0, b""
        for line in lines:
            place = 0
            for token in _TOKEN.finditer(line):
                sign = token[0]
                depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(sign, 0)
                if sign == b"[" and depth == 1:
                    place = token.end()
                elif depth == 0 or (depth == 1 and sign == b","):
                    value += line[place : token.start()]
                    if value.strip():
                        yield value
                    value, place = b"", token.end()
                if depth == 0:
                    return
            value += line[place:]
        if value.strip():
            yield value
        self._break(_NO_END)

    def _break(self, sentence: str) -> None:
        self.broken = sentence.format(name=self.name)


def _other_kind(head: bytes) -> str | None:
    """What to say of a file that begins like this, where it is no text we read."""
    if b"\x00" in head[:4]:
        return _UTF16
    return next((said for begins, said in _OTHER_KINDS if head.startswith(begins)), None)


class _Counted(io.RawIOBase):
    """The bytes of a stream, counted, for it may know no place to tell; its head comes at once."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self.taken = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As RawIOBase has it."""
        got = self._stream.read1(len(buffer))
        while not self.taken and 0 < len(got) < _HEAD:  # a pipe may bring less than a head
            more = self._stream.read1(len(buffer) - len(got))
            if not more:
                break
            got += more
        buffer[: len(got)] = got
        self.taken += len(got)
        return len(got)


@contextmanager
def opened(path: Path) -> Iterator[RequestFile]:
    """The file to import; `-` is standard input. Raises SettingsError where it cannot be opened."""
    is_piped = path == STANDARD_INPUT
    try:
        stream = os.fdopen(os.dup(sys.stdin.fileno()), "rb") if is_piped else path.open("rb")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    with stream:
        status = os.fstat(stream.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        yield RequestFile("standard input" if is_piped else str(path), stream, size)
