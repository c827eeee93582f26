"""The policy file: what it may say, and the sentence for what it may not."""

import hashlib
from datetime import time

import pytest

from store.domain.access import Roster
from store.domain.deadlines import WorkingTime
from store.domain.policy import Asked, Policy, PolicyError, Rule, RuleStage
from store.domain.request import Category, Environment
from tests.cast import request

FULL = """
[workspace]
admins = ["UADA"]
reviewers = ["UBOB", "SREVIEWERS"]
channel = "C0REVIEW"
timezone = "Asia/Manila"
digest_at = 08:30:00
remind_after_hours = 4
working_days = ["sun", "mon"]
holidays = ["PH", "DE-BY", "2026-12-24", 2026-12-31]
office_hours = ["09:00", 17:30:00]
own_requests = true
"""
HOURS = "use a whole number of hours from 1 to 720."


def policy(settings: str) -> Policy:
    return Policy.parse("[workspace]\n" + settings)


def test_every_setting_is_read() -> None:
    assert Policy.parse(FULL) == Policy(
        admins=("UADA",),
        reviewers=("UBOB", "SREVIEWERS"),
        channel="C0REVIEW",
        timezone="Asia/Manila",
        digest_at=time(8, 30),
        remind_after_hours=4,
        working_days=("sun", "mon"),
        holidays=("PH", "DE-BY", "2026-12-24", "2026-12-31"),
        office_hours=(time(9), time(17, 30)),
        own_requests=True,
    )


def test_an_empty_policy_lets_nobody_approve() -> None:
    empty = policy("")
    assert empty.roster({}) == Roster()
    assert empty.own_requests is False


def test_working_days_count_from_monday_and_whole_days_count_unless_it_says_otherwise() -> None:
    assert policy("").working_time == WorkingTime("UTC", frozenset(range(5)))
    assert Policy.parse(FULL).working_time == WorkingTime(
        "Asia/Manila",
        frozenset({0, 6}),
        ("PH", "DE-BY", "2026-12-24", "2026-12-31"),
        (time(9), time(17, 30)),
    )


def test_a_user_group_stands_for_its_members() -> None:
    found = Policy.parse(FULL)
    members = {"SREVIEWERS": frozenset({"UCAROL", "UBOB"}), "SOTHERS": frozenset({"UMALLORY"})}
    assert found.groups == {"SREVIEWERS"}
    roster = found.roster(members)
    assert (roster.admins, roster.reviewers) == ({"UADA"}, {"UBOB", "UCAROL"})


def test_a_group_nobody_looked_up_has_no_members() -> None:
    assert Policy.parse(FULL).roster({}).reviewers == {"UBOB"}


@pytest.mark.parametrize("good", ["1", "720"])
def test_reminders_come_within_an_hour_and_a_month(good: str) -> None:
    assert policy(f"remind_after_hours = {good}").remind_after_hours == int(good)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ('admins = ["ada"]', "[workspace] admins: 'ada' is not a Slack user id (U…)"),
        ('reviewers = ["@bob"]', "[workspace] reviewers: '@bob' is not a Slack user id"),
        ('reviewers = [""]', "[workspace] reviewers: '' is not a Slack user id"),
        ('reviewers = "UBOB"', '[workspace] reviewers: use a list, such as ["U012ABCDEF"].'),
        ("reviewers = [7]", "[workspace] reviewers: use text in quotes."),
        ("channel = 7", "[workspace] channel: use text in quotes."),
        ('channel = "#reviews"', "'#reviews' is not a channel id (C…)"),
        (
            'timezone = "Manila"',
            "'Manila' is not the name of a time zone; use one such as Asia/Manila",
        ),
        ('working_days = ["monday"]', "'monday' is not a day; use mon, tue"),
        (
            'holidays = ["Germany"]',
            "[workspace] holidays: Germany is not a holiday; use a date",
        ),
        (
            'holidays = ["DE-XX"]',
            "[workspace] holidays: DE-XX is not a holiday; use a date",
        ),
        ('holidays = ["2026-02-30"]', "[workspace] holidays: 2026-02-30 is not a holiday;"),
        ("holidays = [2026-12-24T10:00:00]", "holidays: 2026-12-24 10:00:00 is not a holiday;"),
        (
            "holidays = [7]",
            "[workspace] holidays: 7 is not a holiday; use a date",
        ),
        ('holidays = "PH"', '[workspace] holidays: use a list, such as ["PH", "2026-12-24"].'),
        ('office_hours = "9-18"', "[workspace] office_hours: use when the day begins"),
        (
            'office_hours = ["09:00"]',
            "[workspace] office_hours: use when the day begins",
        ),
        (
            'office_hours = ["18:00", "09:00"]',
            "office_hours: the day ends at 09:00, but that",
        ),
        ('office_hours = ["09:00", "25:00"]', "office_hours: 25:00 is not a time of day; use"),
        ("remind_after_hours = 0", f"[workspace] remind_after_hours: {HOURS}"),
        ("remind_after_hours = 721", f"[workspace] remind_after_hours: {HOURS}"),
        ("remind_after_hours = 1.5", f"[workspace] remind_after_hours: {HOURS}"),
        ("remind_after_hours = true", f"[workspace] remind_after_hours: {HOURS}"),
        ('remind_after_hours = "24"', f"[workspace] remind_after_hours: {HOURS}"),
        (
            'quick_approve = ["development"]',
            '[workspace] quick_approve: use a list of "production" and "sandbox"',
        ),
        ('own_requests = "yes"', "[workspace] own_requests: use true or false."),
        ('digest_at = "25:00"', "[workspace] digest_at: 25:00 is not a time of day"),
        ("digest_at = 9", "[workspace] digest_at: 9 is not a time of day; use 09:00:00."),
        ('digest_at = "09:00Z"', "[workspace] digest_at: 09:00Z is not a time of day"),
        ("digest_at = 2026-11-20", "[workspace] digest_at: 2026-11-20 is not a time of day"),
        *(
            (f'platform_url = "{url}"', "[workspace] platform_url: use an address that begins")
            for url in (
                "http://platform.example/{external_id}",
                "https://platform.example/{id}",
                "https://platform.example/{external_id.x}",
                "https://platform.example/{external_id!r}",
                "https://platform.example/{",
                "https://{external_id}.example/",
                "https://platform.example/a b",
                "platform.example",
                "https://platform.example/" + "x" * 1000,
            )
        ),
        (
            'link_hosts = ["https://a.example/x"]',
            "[workspace] link_hosts: 'https://a.example/x' is not",
        ),
        (
            "link_hosts = [7]",
            "[workspace] link_hosts: 7 is not the name of a host; use one such as",
        ),
        ('reviewer = ["UBOB"]', "[workspace] has no setting reviewer; it has admins, reviewers"),
        ("timezone = ", "The policy file is not valid TOML: "),
    ],
)
def test_a_wrong_setting_is_named(settings: str, sentence: str) -> None:
    with pytest.raises(PolicyError) as refused:
        policy(settings)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("external_id", "url", "address"),
    [
        (
            "apply/1 ü",
            "https://p.example/a/{external_id}?x=1",
            "https://p.example/a/apply%2F1%20%C3%BC?x=1",
        ),
        ("slack-1", "https://p.example/a/{external_id}", None),  # the platform does not know it
        (
            "slack-1",
            "https://p.example/?mp={mini_program_id}",
            "https://p.example/?mp=2171020092715498",
        ),
        ("apply-1", "https://p.example/approvals", "https://p.example/approvals"),
    ],
)
def test_the_platforms_page_of_a_request(external_id: str, url: str, address: str | None) -> None:
    found = policy(f'platform_url = "{url}"')
    assert found.platform_address(request(external_id=external_id)) == address
    assert Policy().platform_address(request()) is None


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(PolicyError, match=r"timezone: .*remind_after_hours: "):
        policy('timezone = "Mars"\nremind_after_hours = 0')


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The policy file has no [workspace] part."),
        ("workspace = 1", "The policy file has no [workspace] part."),
        (
            "[stage]\n[workspace]",
            "The policy file has an unknown part [stage]; "
            "it has [workspace] and any number of [[rules]].",
        ),
    ],
)
def test_a_file_without_its_one_part_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Policy.parse(text)
    assert str(refused.value) == sentence


def test_a_policy_is_known_by_what_its_file_says_and_nothing_else() -> None:
    same = [
        '[workspace]\nadmins = ["UADA"]\nown_requests = true\n',
        '# a comment\r\n[workspace]\r\nown_requests=true\r\nadmins = [ "UADA" ]\r\n',
    ]
    document = '{"workspace":{"admins":["UADA"],"own_requests":true}}'
    expected = hashlib.sha256(document.encode()).hexdigest()
    assert {Policy.parse(text).sha256 for text in same} == {expected}
    assert Policy(admins=("UADA",), own_requests=True).sha256 == expected
    assert Policy.parse(same[0] + 'timezone = "UTC"\n').sha256 != expected


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (f"admins = {'[' * 5000}{']' * 5000}", "nested too deep"),
        (f"timezone = {'{a = ' * 5000}1{'}' * 5000}", "nested too deep"),
        (f"digest_at.{'.'.join('a' * 5000)} = 1", "digest_at: this is not a time of day"),
        (f"admins.{'.'.join('a' * 5000)} = 1", "admins: use a list"),
    ],
    ids=["lists", "tables", "keys of a time", "keys of a list"],
)
def test_a_policy_nested_5_000_deep_is_a_sentence(setting: str, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        policy(setting)


def test_a_copy_with_other_settings_is_another_policy_and_finds_its_rules_anew() -> None:
    stages = (RuleStage(name="Review", reviewers=("U1",)),)
    first = Rule(name="First", target_app=("Wallet PH",), stages=stages)
    policy = Policy(reviewers=("U1",), rules=(first,))
    kind = (Category.RELEASE, Environment.PRODUCTION)
    wallet, other = (Asked.of(*kind, app, "1") for app in ("wallet ph", "Kape"))
    assert [policy.rule_for(each) for each in (wallet, other, wallet)] == [first, None, first]
    everything = Rule(name="Everything", stages=stages)
    copied = policy.model_copy(update={"rules": (everything,)})
    assert [copied.rule_for(each) for each in (wallet, other)] == [everything] * 2
    assert policy.rule_for(wallet) == first
    assert copied != policy
    assert copied.sha256 != policy.sha256
    assert policy.model_copy() == policy
    assert hash(policy.model_copy()) == hash(policy)
