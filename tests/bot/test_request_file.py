"""Whatever file is imported, each request in it comes out by itself, or a sentence says why not."""

import gzip
import io
import os
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from bot.cli import request_file
from bot.cli.request_file import RequestFile
from bot.settings import SettingsError

LINES = b'{"a": 1}\n\n{"b": 2}\n'


packed = partial(gzip.compress, mtime=0)


class Dripping(io.RawIOBase):
    """A pipe that brings a byte at a time."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        piece, self.content = self.content[:1], self.content[1:]
        buffer[: len(piece)] = piece
        return len(piece)


def read(content: bytes) -> RequestFile:
    return RequestFile("FILE", io.BufferedReader(Dripping(content)), None)


def values(content: bytes) -> list[tuple[int, bytes]]:
    file = read(content)
    found = [(number, value.strip()) for number, value in file.values() if value.strip()]
    assert (file.broken, file.taken) == ("", len(content))
    return found


@pytest.mark.parametrize("content", [LINES, packed(LINES), packed(LINES[:10]) * 2])
def test_lines_come_with_their_numbers_packed_or_not(content: bytes) -> None:
    found = values(content)
    assert found[0] == (1, b'{"a": 1}')
    assert found[1][0] == 3


ARRAY = b"""\xef\xbb\xbf
[
  {"a": [1, {"b": "]}, \\\\\\" ,["}]},
  {"b": 2}, 3 ,
  {broken}
]
"""


def test_an_array_is_taken_apart() -> None:
    assert values(ARRAY) == [
        (1, b'{"a": [1, {"b": "]}, \\\\\\" ,["}]}'),
        (2, b'{"b": 2}'),
        (3, b"3"),
        (4, b"{broken}"),
    ]
    assert values(b'[{"a":1},{"b":2}]') == [(1, b'{"a":1}'), (2, b'{"b":2}')]
    assert values(packed(b"[]")) == values(b"") == values(b" \n") == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("\ufeff{}".encode("utf-16"), "FILE is UTF-16 text. Convert it: iconv -f UTF-16 -t UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "FILE is UTF-16 text."),
        ('{"a": 1}'.encode("utf-16-be"), "FILE is UTF-16 text."),
        (packed("[]".encode("utf-16")), "FILE is UTF-16 text."),
        (b"PK\x03\x04 and more", "FILE is a zip archive or an Excel file."),
        (b"BZh91AY", "FILE is bzip2. Unpack it: bunzip2 -c FILE | mp-approvals import -"),
        (b'{\n  "a": 1\n}\n', "FILE is JSON over several lines. Put each request on a line"),
        (b"\x1f\x8b\x08 no gzip", "FILE is gzip, but not whole"),
    ],
)
def test_what_cannot_be_read_is_named_and_how_to_convert_it(content: bytes, sentence: str) -> None:
    file = read(content)
    assert list(file.values()) == []
    assert file.broken.startswith(sentence)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (packed(LINES * 9_000)[:-9], "FILE is gzip, but not whole"),
        (b'[{"a": 1},\n{"b":', "FILE ends inside its array; is it whole?"),
    ],
)
def test_what_ends_too_early_is_read_up_to_there(content: bytes, sentence: str) -> None:
    file = read(content)
    (number, value), *_ = file.values()
    assert (number, value.strip()) == (1, b'{"a": 1}')
    assert file.broken.startswith(sentence)


def test_a_pipe_is_read_like_a_file() -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as end:
            end.write(LINES * 5_000)

    writer = Thread(target=write)
    writer.start()
    try:
        with request_file.opened(Path(f"/dev/fd/{reading}")) as file:
            assert sum(bool(value.strip()) for _, value in file.values()) == 10_000
            assert file.size is None
            assert file.taken == 5_000 * len(LINES)
    finally:
        writer.join()
        os.close(reading)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        request_file.opened(tmp_path).__enter__()
