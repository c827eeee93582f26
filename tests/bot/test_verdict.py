"""What the bot makes of each answer Slack can give."""

import pytest

from bot.outgoing.verdict import (
    FIRST_RETRY_SECONDS,
    LONGEST_RETRY_SECONDS,
    REFUSED_RETRY_SECONDS,
    GiveUp,
    Sent,
    TryAgain,
    judge,
)
from handlers.slack_errors import PAGE, Answer

ATTEMPT_3 = 4 * FIRST_RETRY_SECONDS
"""The wait after a third attempt, without jitter."""


def judged(answer: Answer, *, attempt: int = 3, jitter: float = 0.0) -> Sent | TryAgain | GiveUp:
    return judge(answer, attempt=attempt, jitter=jitter)


def waited(attempt: int, jitter: float = 0.0) -> float:
    verdict = judged(Answer(500), attempt=attempt, jitter=jitter)
    assert isinstance(verdict, TryAgain)
    return verdict.seconds


def test_an_ok_is_sent() -> None:
    assert judged(Answer(200)) == Sent()


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer(429, "ratelimited", retry_after=30.0), 30.0),  # as long as Slack says
        (Answer(429, retry_after=1.0), 1.0),
        (Answer(429, "ratelimited"), ATTEMPT_3),  # Slack does not say how long
        (Answer(429), ATTEMPT_3),
        (Answer(200, "ratelimited"), ATTEMPT_3),
        (Answer(200, "rate_limited", retry_after=5.0), 5.0),  # Slack spells it both ways
    ],
)
def test_too_fast_rests_the_whole_lane(answer: Answer, seconds: float) -> None:
    assert judged(answer) == TryAgain(seconds, "ratelimited", whole_lane=True)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_after_a_server_error_slack_may_have_done_the_work(status: int) -> None:
    assert judged(Answer(status)) == TryAgain(ATTEMPT_3, f"HTTP {status}", doubtful=True)


@pytest.mark.parametrize(
    "code",
    [
        "fatal_error",
        "internal_error",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    ],
)
def test_slacks_own_trouble_passes(code: str) -> None:
    assert judged(Answer(200, code)) == TryAgain(ATTEMPT_3, code, doubtful=True)


@pytest.mark.parametrize(
    "code",
    [
        "access_denied",
        "accesslimited",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "messages_tab_disabled",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "not_enabled",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
        "a_code_of_tomorrow",  # unknown to us
    ],
)
def test_what_is_refused_to_the_whole_workspace_is_kept_and_asked_seldom(code: str) -> None:
    first, late = (judged(Answer(200, code), attempt=n) for n in (1, 50))
    assert first == TryAgain(REFUSED_RETRY_SECONDS, code, refused=True)
    assert late == TryAgain(LONGEST_RETRY_SECONDS, code, refused=True)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407])
def test_a_proxys_refusal_is_no_answer_of_slack(status: int) -> None:
    assert judged(Answer(status)) == TryAgain(60.0, f"HTTP {status}", refused=True)


def test_a_page_in_place_of_an_answer_leaves_open_who_answered() -> None:
    assert judged(Answer(200, PAGE)) == TryAgain(60.0, PAGE, doubtful=True, refused=True)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(200, "channel_not_found"), "channel_not_found"),
        (Answer(200, "is_archived"), "is_archived"),
        (Answer(200, "not_in_channel"), "not_in_channel"),
        (Answer(200, "message_not_found"), "message_not_found"),
        (Answer(200, "invalid_blocks"), "invalid_blocks"),
        (Answer(200, "restricted_action_read_only_channel"), "restricted_action_read_only_channel"),
        (Answer(200, "cannot_dm_bot"), "cannot_dm_bot"),
        (Answer(404, "expired_url"), "expired_url"),  # of a response URL
        (Answer(410, "used_url"), "used_url"),
    ],
)
def test_what_can_never_be_sent_is_given_up(answer: Answer, why: str) -> None:
    assert judged(answer) == GiveUp(why)


def test_a_connection_that_was_never_made_leaves_no_doubt() -> None:
    answer = Answer(error="ClientConnectorError", reached=False)
    assert judged(answer) == TryAgain(ATTEMPT_3, "ClientConnectorError")


def test_a_connection_that_broke_leaves_open_whether_it_was_sent() -> None:
    answer = Answer(error="ServerDisconnectedError")
    assert judged(answer) == TryAgain(ATTEMPT_3, "ServerDisconnectedError", doubtful=True)
    assert judged(Answer()) == TryAgain(ATTEMPT_3, "no connection", doubtful=True)


def test_each_wait_is_twice_the_last_until_the_longest() -> None:
    waits = [waited(attempt) for attempt in range(1, 12)]
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert waits == sorted(waits)
    assert waits[-1] == waited(10_000) == LONGEST_RETRY_SECONDS


@pytest.mark.parametrize("attempt", [1, 5, 1000])
def test_retries_spread_over_half_their_wait(attempt: int) -> None:
    least, most = waited(attempt), waited(attempt, jitter=1.0)
    assert most == 1.5 * least
    assert least < waited(attempt, jitter=0.5) < most


def test_slacks_own_wait_is_not_spread() -> None:
    answer = Answer(429, retry_after=7.0)
    assert judged(answer, jitter=0.0) == judged(answer, jitter=1.0)
