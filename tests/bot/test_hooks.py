"""`mp-approvals hooks`: added, listed without the secret, tested, paused, removed."""

import pytest

from tests.bot.installation import Installation
from tests.webhooks.receiver import receiving


async def test_a_hook_is_added_tested_and_listed(installed: Installation) -> None:
    async with receiving() as receiver:
        added = await installed.types(
            "hooks", "add", receiver.url, "--events", "all", "--allow-private"
        )
        receiver.secret = added.words.splitlines()[0]
        assert receiver.secret.startswith("whsec_")
        tested = await installed.types("hooks", "test", receiver.url)
        listed = await installed.types("hooks", "list")
        again = await installed.types(
            "hooks", "add", receiver.url, "--events", "all", "--allow-private"
        )
    assert (tested.code, tested.words) == (0, "Taken: HTTP 204.\n")
    assert receiver.types() == ["test"]
    assert f"{receiver.url}  all  active  never asked  nothing owed" in listed.words
    assert "whsec_" not in listed.words
    assert (again.code, "There is a hook with this address already" in again.words) == (1, True)


async def test_paused_resumed_and_removed(installed: Installation) -> None:
    url = "https://platform.example/hook"
    await installed.types("hooks", "add", url, "--events", "request.approved")
    assert (await installed.types("hooks", "pause", url)).words == "It is paused.\n"
    assert "paused: by an operator" in (await installed.types("hooks", "list")).words
    assert (await installed.types("hooks", "resume", url)).code == 0
    assert "request.approved  active" in (await installed.types("hooks", "list")).words
    assert (await installed.types("hooks", "remove", url, "--yes")).words == "It is removed.\n"
    for command in (["pause"], ["resume"], ["test"], ["remove", "--yes"]):
        typed = await installed.types("hooks", command[0], url, *command[1:])
        assert (typed.code, f"There is no hook {url}." in typed.words) == (1, True)


async def test_one_hook_is_the_platforms(installed: Installation) -> None:
    url = "https://platform.example/hook"
    added = await installed.types("hooks", "add", url, "--events", "all", "--platform")
    assert added.code == 0
    assert f"{url}  the platform  all" in (await installed.types("hooks", "list")).words
    other = ("hooks", "add", "https://other.example/", "--platform")
    second = await installed.types(*other, "--events", "all")
    assert (second.code, f"{url} is the platform's hook already" in second.words) == (1, True)
    deaf = await installed.types(*other, "--events", "request.submitted")
    assert (deaf.code, "request.approved" in deaf.words) == (2, True)


async def test_a_replay_of_nothing_is_told(installed: Installation) -> None:
    typed = await installed.types("hooks", "replay", "MP-12")
    assert (typed.code, typed.words) == (1, "0 webhooks will be sent again.\n")
    assert (await installed.types("hooks", "replay", "twelve")).code == 2


@pytest.mark.parametrize(
    "url", ["http://platform.example", "https://127.0.0.1/x", "https://localhost/", "platform"]
)
async def test_an_address_that_does_not_fit_is_told(installed: Installation, url: str) -> None:
    typed = await installed.types("hooks", "add", url, "--events", "all")
    assert typed.code == 2
    assert (await installed.types("hooks", "list")).words == "0 hooks.\n"


async def test_an_event_that_is_none_is_told(installed: Installation) -> None:
    url = "https://platform.example/hook"
    typed = await installed.types("hooks", "add", url, "--events", "request.eaten")
    assert (typed.code, "request.eaten is not known." in typed.words) == (2, True)
