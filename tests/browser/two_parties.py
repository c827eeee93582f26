"""A policy with two stages in the local Slack, for the stories in a browser and the pictures."""

from bot.cli.local_workspace import LocalWorkspace


async def two_parties(play: LocalWorkspace) -> None:
    """Product is bob or carol, Compliance both mallory and dan. Ada administers, and may approve
    alone.
    """
    play.bot.settings.policy_file.write_text(_policy(play), encoding="utf-8")
    await play.bot.policy_file.check(settled=True)


def _policy(play: LocalWorkspace) -> str:
    id_of = {handle: person.id for handle, person in play.people.items()}
    return f"""
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
    """
