"""Checkpoints of the record, and proofs from one: checked with a public key alone, no database.

What is signed is the canonical JSON of `at`, `previous`, `root` and `size`. Ed25519 itself is
handed in, so that this stays pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from store.domain.canonical import canonical, digest
from store.domain.merkle import continues, includes

VerifySignature = Callable[[str, bytes, str], bool]
"""Whether a key (hexadecimal) has signed a text; the signature in hexadecimal."""
GENESIS = "0" * 64
"""What the first event of a history names as the hash before it."""
SEALED = ("request_id", "revision", "at", "actor", "kind", "data", "previous")
"""What the hash of an event is over, in this order."""


def seal_of(event: Mapping[str, Any]) -> str:
    """The SHA-256 of everything an event says, the hash before it included."""
    return digest([event[name] for name in SEALED])


class Checkpoint(BaseModel):
    """The root over the first `size` events at a moment (aware UTC), and the root before it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    size: int
    root: str
    previous: str | None
    key: str = ""
    signature: str = ""

    def signed_text(self) -> bytes:
        """What the signature is over."""
        at = self.at.astimezone(UTC).isoformat()
        facts = {"at": at, "size": self.size, "root": self.root, "previous": self.previous}
        return canonical(facts).encode()

    def line(self) -> str:
        """All of it as one line of JSON, as it goes to every place."""
        return canonical(self.model_dump() | {"at": self.at.astimezone(UTC).isoformat()})

    @classmethod
    def read(cls, line: str) -> "Checkpoint | None":
        """The checkpoint in such a line; None for anything else."""
        try:
            return cls.model_validate_json(line)
        except ValidationError:
            return None


class ProvedEvent(BaseModel):
    """One event as it stands in the record, where in the tree, and its way to the root."""

    model_config = ConfigDict(extra="forbid")

    request_id: int
    revision: int
    at: str
    actor: str
    kind: str
    data: dict[str, Any]
    previous: str
    hash: str
    position: int
    path: list[str]


class Proof(BaseModel):
    """That these events of one request are under a checkpoint, which continues an earlier one."""

    model_config = ConfigDict(extra="forbid")

    checkpoint: Checkpoint
    events: list[ProvedEvent]
    earlier: Checkpoint | None = None
    consistency: list[str] = []


@dataclass(frozen=True, slots=True)
class Read:
    """A proof that was read; `problems` say what does not hold."""

    proof: Proof | None
    problems: tuple[str, ...]


def check(text: str | bytes, key: str, verify: VerifySignature) -> Read:
    """Read a proof and check all of it against the public key of whoever keeps the record."""
    try:
        proof = Proof.model_validate_json(text)
        return Read(proof, tuple(_problems(proof, key, verify)))
    except ValueError as error:  # pydantic's, and of what is no hexadecimal number
        return Read(None, (f"this is no proof that can be read ({type(error).__name__})",))


def _problems(proof: Proof, key: str, verify: VerifySignature) -> list[str]:
    found = []
    last = proof.checkpoint
    for each in filter(None, (last, proof.earlier)):
        if not verify(key, each.signed_text(), each.signature):
            found.append(f"the checkpoint of {each.at} is not signed by this key")
    root = bytes.fromhex(last.root)
    if proof.earlier:
        path = _hashes(proof.consistency)
        earlier = proof.earlier.size, bytes.fromhex(proof.earlier.root)
        if not continues(*earlier, last.size, path, root):
            found.append("the record does not continue the one of the earlier checkpoint")
    previous = GENESIS
    for number, event in enumerate(proof.events, start=1):
        name = f"MP-{event.request_id}, revision {event.revision}"
        if event.revision != number or event.request_id != proof.events[0].request_id:
            found.append(f"{name} is out of its order")
        if event.previous != previous or event.hash != seal_of(event.model_dump()):
            found.append(f"{name} was changed after it was sealed")
        leaf = event.hash.encode()
        if not includes(leaf, event.position, last.size, _hashes(event.path), root):
            found.append(f"{name} is not under the checkpoint")
        previous = event.hash
    return found


def _hashes(texts: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]
