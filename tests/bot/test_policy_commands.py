"""`mp-approvals policy`: check, try and apply, as an operator types them."""

from datetime import timedelta
from pathlib import Path

from store.domain.access import Refused
from store.domain.clock import utc_now
from store.domain.policy import Policy
from store.engine import migrate
from store.engine.database import Database
from store.requests.submit import NewRequest
from store.requests.submit import submit as store_request
from tests.bot.installation import Installation
from tests.harness_store import new_submission

RULE = """
[[rules]]
name = "Production"
environment = ["production"]
stages = [{{name = "Product", reviewers = ["{who}"], needed = {needed}}}]
"""


def write_rule(installed: Installation, name: str = "policy.toml", needed: int = 1) -> Path:
    """Add a rule to a copy of the policy file, or to itself."""
    text = (installed.folder / "policy.toml").read_text("utf-8")
    rule = RULE.format(who=installed.people["dan"].id, needed=needed)
    path = installed.folder / name
    path.write_text(text + rule, "utf-8")
    return path


async def submitted(installed: Installation) -> None:
    """A request of alice's, by the policy as it is in the file."""
    policy = Policy.parse((installed.folder / "policy.toml").read_text("utf-8"))
    alice, now = installed.people["alice"].id, utc_now()
    submission = new_submission(submitted_by=alice)
    handed = submission.model_copy(update={"created_at": now - timedelta(hours=1)})
    db = Database(installed.environment["DATABASE_URL"])
    await migrate.upgrade(db)
    without_group = policy.model_copy(update={"reviewers": (installed.people["bob"].id,)})
    answer = await store_request(db, NewRequest(handed, alice, now), without_group)
    assert not isinstance(answer, Refused)
    await db.dispose()


async def test_a_policy_is_looked_through(installed: Installation) -> None:
    write_rule(installed)
    well = await installed.types("policy", "check")
    assert (well.code, well.words) == (0, "1 rule: all is well.\n")

    installed.policy()
    write_rule(installed, needed=2)
    found = await installed.types("policy", "check")
    assert found.code == 1
    assert "“Product” of the rule “Production” needs 2 votes and has 1" in found.words
    assert found.words.endswith("1 rule: 1 problem.\n")


async def test_an_id_that_slack_does_not_know_is_named(installed: Installation) -> None:
    path = write_rule(installed)
    path.write_text(path.read_text("utf-8").replace(installed.people["dan"].id, "U0NOBODY"))
    found = await installed.types("policy", "check")
    assert found.code == 1
    assert "member U0NOBODY: Slack answered user_not_found." in found.words


async def test_an_unknown_id_for_emergencies_is_named(installed: Installation) -> None:
    path = write_rule(installed)
    text = path.read_text("utf-8")
    path.write_text(text.replace("[workspace]", '[workspace]\nemergency = ["U0NOBODY"]'), "utf-8")
    found = await installed.types("policy", "check")
    assert found.code == 1
    assert "member U0NOBODY: Slack answered user_not_found." in found.words


async def test_another_policy_is_tried_beside_todays(installed: Installation) -> None:
    await submitted(installed)
    write_rule(installed, "new.toml", needed=3)
    tried = await installed.types("policy", "try", "new.toml", "--days", "7")
    assert tried.code == 0
    assert tried.words.startswith("1 request of the last 7 days.")
    assert "Production" in tried.words
    assert (
        "By the other policy nobody could have decided 1 request (Production: Product): MP-1"
        in (" ".join(tried.words.split()))
    )


async def test_a_policy_that_cannot_be_read_is_told(installed: Installation) -> None:
    (installed.folder / "new.toml").write_text("[[rules]]\n[workspace]\n", "utf-8")
    tried = await installed.types("policy", "try", "new.toml")
    assert tried.code == 1
    assert "new.toml: [[rules]] number 1 lacks name." in tried.words


async def test_what_is_open_is_changed_when_asked_for(installed: Installation) -> None:
    await submitted(installed)
    write_rule(installed)
    asked = await installed.types("policy", "apply", "--yes")
    assert asked.code == 0
    assert "MP-1 goes by Production: Product (1 of 1); until now Review (1 of 1)." in asked.words
    assert asked.words.endswith("1 request changed; their people see it on their cards.\n")
    again = await installed.types("policy", "apply", "--yes")
    assert again.words == "Nothing to change: every open request stays as it was submitted.\n"
