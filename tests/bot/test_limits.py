"""Which limit of Slack's an answer speaks of: Slack itself does not say."""

from datetime import timedelta

from bot.outgoing.limits import Limits
from store.messages.rate_limits import Method
from tests.cast import NOW

SOON = NOW + timedelta(seconds=30)


def test_one_limited_conversation_says_nothing_of_the_others() -> None:
    limits = Limits()
    assert limits.learn("post:UBOB", until=SOON, now=NOW) is None
    assert limits.learn("post:UBOB", until=SOON, now=NOW) is None


def test_a_second_conversation_at_the_same_time_tells_that_all_posts_are_limited() -> None:
    limits = Limits()
    limits.learn("post:UBOB", until=SOON, now=NOW)
    assert limits.learn("post:UCAROL", until=SOON, now=NOW) is Method.POST


def test_a_conversation_whose_limit_is_over_tells_nothing_any_more() -> None:
    limits = Limits()
    limits.learn("post:UBOB", until=SOON, now=NOW)
    assert limits.learn("post:UCAROL", until=SOON + timedelta(seconds=30), now=SOON) is None


def test_edits_and_homes_are_limited_as_a_whole_and_answers_not_at_all() -> None:
    limits = Limits()
    assert limits.learn("edit:UBOB", until=SOON, now=NOW) is Method.EDIT
    assert limits.learn("home:UBOB", until=SOON, now=NOW) is Method.HOME
    assert limits.learn("reply:UBOB", until=SOON, now=NOW) is None
