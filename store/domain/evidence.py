"""What is handed in beside the details: links to evidence, and the way to a test version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from store.domain.categories.changes import Change, listed

MOST = 20
"""Links of one request. Ours: more than anybody reads."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One link: what is there, and its address as it was written. Either may be empty."""

    title: str
    url: str

    def __str__(self) -> str:
        return f"{self.title} {self.url}".strip()


@dataclass(frozen=True, slots=True)
class Evidence:
    """`preview_url` is the address of a test version, `preview_qr` that of an image of its code."""

    exhibits: tuple[Exhibit, ...] = ()
    preview_url: str | None = None
    preview_qr: str | None = None

    def __bool__(self) -> bool:
        return self != NO_EVIDENCE

    @classmethod
    def of(cls, listed: Sequence[Mapping[str, str]], url: str | None, code: str | None) -> Self:
        """What stands in these fields of the interchange format."""
        exhibits = (Exhibit(each.get("title") or "", each.get("url") or "") for each in listed)
        return cls(tuple(exhibits), url or None, code or None)

    @classmethod
    def read(cls, kept: "Evidence | Mapping[str, Any] | None") -> "Evidence":
        """Read what a row holds; what is read already stays."""
        if isinstance(kept, Evidence):
            return kept
        if not kept:
            return NO_EVIDENCE
        return cls.of(kept.get("evidence", ()), kept.get("preview_url"), kept.get("preview_qr"))

    def fields(self) -> dict[str, Any]:
        """The fields of the interchange format."""
        return {
            "evidence": [asdict(each) for each in self.exhibits],
            "preview_url": self.preview_url,
            "preview_qr": self.preview_qr,
        }

    def stored(self) -> dict[str, Any] | None:
        """As a row holds it; None where there is nothing."""
        return self.fields() if self else None


NO_EVIDENCE = Evidence()


def changes(old: Evidence, new: Evidence) -> Iterator[Change]:
    """What is other than it was, as `store.domain.categories.changes` says it of the details."""
    before, after = ([str(each) for each in side.exhibits] for side in (old, new))
    yield from listed("Evidence", before, after, between="\n")
    if old.preview_url != new.preview_url:
        yield Change("Test version", old.preview_url or "", new.preview_url or "", "test version")
    if old.preview_qr != new.preview_qr:
        yield Change("QR code", old.preview_qr or "", new.preview_qr or "", "QR code")
