"""The pieces of a drawing, each printed by rich or read as lines of words.

Must stay true: `lines` says every word the drawing shows, so a test that reads lines sees what
the person sees.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich import box
from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text


class Node(Protocol):
    """A piece of the screen."""

    def __rich__(self) -> RenderableType: ...

    def lines(self) -> Iterator[str]: ...


@dataclass(frozen=True)
class Line:
    """A paragraph; it may hold line breaks."""

    text: Text

    def __rich__(self) -> RenderableType:
        return self.text

    def lines(self) -> Iterator[str]:
        yield from self.text.plain.splitlines()


@dataclass(frozen=True)
class Row:
    """Short pieces on one line, as buttons or a context; as words, one piece a line."""

    texts: Sequence[Text]

    def __rich__(self) -> RenderableType:
        return Text("  ").join(self.texts)

    def lines(self) -> Iterator[str]:
        for text in self.texts:
            yield from text.plain.splitlines()


@dataclass(frozen=True)
class Divider:
    """A line across."""

    def __rich__(self) -> RenderableType:
        return Rule(style="dim")

    def lines(self) -> Iterator[str]:
        yield from ()


@dataclass(frozen=True)
class Stack:
    """Pieces below one another, moved in by `indent` columns."""

    parts: Sequence[Node]
    indent: int = 0

    def __rich__(self) -> RenderableType:
        return Padding(Group(*self.parts), (0, 0, 0, self.indent))

    def lines(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.lines()


@dataclass(frozen=True)
class Beside:
    """A wide piece with a narrow one at its right."""

    left: Node
    right: Node

    def __rich__(self) -> RenderableType:
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column(ratio=1)
        grid.add_column(justify="right")
        grid.add_row(self.left, self.right)
        return grid

    def lines(self) -> Iterator[str]:
        yield from self.left.lines()
        yield from self.right.lines()


@dataclass(frozen=True)
class Pairs:
    """Texts in two columns, filled row by row, as a section's fields."""

    cells: Sequence[Text]

    def __rich__(self) -> RenderableType:
        grid = Table.grid(expand=True, padding=(0, 2))
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        padded = [*self.cells, Text()]
        for index in range(0, len(self.cells), 2):
            grid.add_row(padded[index], padded[index + 1])
        return grid

    def lines(self) -> Iterator[str]:
        for cell in self.cells:
            yield from cell.plain.splitlines()


@dataclass(frozen=True)
class Grid:
    """A table; its first row is the header. As words, one row a line."""

    rows: Sequence[Sequence[Text]]

    def __rich__(self) -> RenderableType:
        table = Table(box=box.SQUARE, show_lines=False, header_style="bold")
        for cell in self.rows[0] if self.rows else ():
            table.add_column(cell)
        for row in self.rows[1:]:
            table.add_row(*row)
        return table

    def lines(self) -> Iterator[str]:
        for row in self.rows:
            yield " | ".join(cell.plain for cell in row)


@dataclass(frozen=True)
class Boxed:
    """A piece in a frame with an optional title."""

    inside: Node
    title: str = ""

    def __rich__(self) -> RenderableType:
        title = Text(self.title) if self.title else None
        return Panel(self.inside, box=box.ROUNDED, title=title, title_align="left")

    def lines(self) -> Iterator[str]:
        if self.title:
            yield self.title
        yield from self.inside.lines()


@dataclass(frozen=True)
class Field:
    """The box a person types in; `tall` for a multiline one."""

    text: Text
    tall: bool = False

    def __rich__(self) -> RenderableType:
        missing = 2 - self.text.plain.count("\n") if self.tall else 0
        return Panel(self.text + "\n" * missing, box=box.SQUARE)

    def lines(self) -> Iterator[str]:
        yield from self.text.plain.splitlines()


@dataclass(frozen=True)
class StandardMarkdown:
    """A markdown block: standard Markdown, unlike Slack's mrkdwn. As words, its source."""

    source: str

    def __rich__(self) -> RenderableType:
        return Markdown(self.source)

    def lines(self) -> Iterator[str]:
        yield from self.source.splitlines()
