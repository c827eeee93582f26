"""Files, uploaded in Slack's three steps: get an address, send the bytes, complete.

Slack retired files.upload; there is no other way.
"""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.state.ids import BOT_USER_ID, Ids, secret
from bot.sandbox.state.refusal import Refusal

Json = dict[str, Any]


@dataclass
class StoredFile:
    """A file with its bytes; `content` is None until they have arrived."""

    id: str
    name: str
    title: str
    length: int
    key: str
    content: bytes | None = None
    completed: bool = False

    def to_slack(self, url: str) -> Json:
        """The file as Slack's API describes it; `url` is where the bytes can be fetched."""
        suffix = self.name.rpartition(".")[2]
        shown: Json = {"id": self.id, "name": self.name, "title": self.title}
        shown |= {"filetype": suffix, "size": self.length, "user": BOT_USER_ID, "mode": "hosted"}
        return shown | {"url_private": url, "url_private_download": url}


class Files:
    """All files, by id."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._files: dict[str, StoredFile] = {}

    def expect(self, name: str, length: int) -> StoredFile:
        """The first step: a file of `length` bytes will be sent to its address."""
        file = StoredFile(self._ids.new("F"), name, name, length, secret(32))
        self._files[file.id] = file
        return file

    def receive(self, key: str, content: bytes) -> None:
        """The second step: the bytes sent to an upload address."""
        for file in self._files.values():
            if file.key == key and file.content is None:
                if len(content) != file.length:
                    raise Refusal("length_mismatch")
                file.content = content
                return
        raise Refusal("unknown_upload")

    def complete(self, file_id: str, title: str | None) -> StoredFile:
        """The third step: the file may be shared; `file_not_found` if its bytes never came."""
        file = self._files.get(file_id)
        if file is None or file.content is None or file.completed:
            raise Refusal("file_not_found")
        file.completed = True
        file.title = title or file.name
        return file

    def content(self, file_id: str) -> bytes:
        """The bytes of a file; LookupError if there are none."""
        file = self._files.get(file_id)
        if file is None or file.content is None:
            raise LookupError(f"no file {file_id!r} was uploaded")
        return file.content
