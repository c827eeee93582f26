"""`mp-approvals keys`: made and shown once, listed without a secret, revoked."""

import re

import pytest

from tests.bot.installation import Installation


async def test_a_key_is_shown_once(installed: Installation) -> None:
    made = await installed.types("keys", "create", "the platform", "--may", "submit,read")
    key = made.words.splitlines()[0]
    assert re.fullmatch(r"mpk_[0-9a-f]{8}_[\w-]{43}", key)
    listed = await installed.types("keys", "list")
    assert key[:12] in listed.words
    assert key[13:] not in listed.words
    assert "the platform" in listed.words
    assert "read,submit" in listed.words
    assert "never used" in listed.words
    assert listed.words.endswith("1 key.\n")


async def test_a_name_is_taken_once(installed: Installation) -> None:
    await installed.types("keys", "create", "platform", "--may", "read")
    again = await installed.types("keys", "create", "platform", "--may", "read")
    assert (again.code, again.words) == (
        1,
        "There is, or was, a key platform: choose another name.\n",
    )


@pytest.mark.parametrize("named", ["platform", "prefix"])
async def test_a_key_is_revoked_by_name_or_prefix(installed: Installation, named: str) -> None:
    made = await installed.types("keys", "create", "platform", "--may", "read")
    prefix = made.words[:12]
    revoked = await installed.types("keys", "revoke", prefix if named == "prefix" else named)
    again = await installed.types("keys", "revoke", "platform")
    listed = await installed.types("keys", "list")
    assert (revoked.code, again.code) == (0, 1)
    assert revoked.words == f"platform ({prefix}) is refused from now on.\n"
    assert "revoked" in listed.words


@pytest.mark.parametrize("may", ["", "everything", "read,write"])
async def test_a_right_that_is_none_is_told(installed: Installation, may: str) -> None:
    made = await installed.types("keys", "create", "platform", "--may", may)
    assert made.code == 2
    assert "Use some of submit, read, decide." in made.words
    assert (await installed.types("keys", "list")).words == "0 keys.\n"
