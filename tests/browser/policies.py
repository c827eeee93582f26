"""Policies of the local Slack, for the stories in a browser and the pictures."""

from bot.cli.local_workspace import LocalWorkspace


async def two_parties(play: LocalWorkspace) -> None:
    """Product is bob or carol, Compliance both mallory and dan. Ada administers, and may approve
    alone.
    """
    id_of = _ids(play)
    await _apply(
        play,
        f"""
        [workspace]
        admins = ["{id_of["ada"]}"]
        emergency = ["{id_of["ada"]}"]
        timezone = "Asia/Manila"
        [[rules]]
        name = "Two parties"
        target_hours = 24
        warning = "Payments: check the merchant agreement first."
        stages = [
          {{name = "Product", reviewers = ["{id_of["bob"]}", "{id_of["carol"]}"]}},
          {{name = "Compliance", reviewers = ["{id_of["mallory"]}", "{id_of["dan"]}"], needed = 2}},
        ]
    """,
    )


async def bob_alone(play: LocalWorkspace) -> None:
    """Bob alone reviews, and anybody may stand in for him. Ada administers."""
    id_of = _ids(play)
    await _apply(
        play,
        f"""
        [workspace]
        admins = ["{id_of["ada"]}"]
        reviewers = ["{id_of["bob"]}"]
        delegates = "anyone"
        timezone = "Asia/Manila"
    """,
    )


def _ids(play: LocalWorkspace) -> dict[str, str]:
    return {handle: person.id for handle, person in play.people.items()}


async def _apply(play: LocalWorkspace, policy: str) -> None:
    play.bot.settings.policy_file.write_text(policy, encoding="utf-8")
    await play.bot.policy_file.check(settled=True)
