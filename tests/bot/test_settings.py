"""Every setting that is missing or wrong stops the bot with a sentence that names it."""

from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError
from store.domain.policy import Policy

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1-the-bot-token",
    "SLACK_APP_TOKEN": "xapp-1-the-app-token",
    "SLACK_SIGNING_SECRET": "the-signing-secret",
    "DATABASE_URL": "postgresql://approvals:the-password@localhost/approvals",
}
POLICY = '[workspace]\nreviewers = ["UBOB"]\n'


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A folder and an environment in which everything is set."""
    monkeypatch.chdir(tmp_path)
    Path("policy.toml").write_text(POLICY, encoding="utf-8")
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def complaint(**unlike: str | None) -> str:
    """What is said about this environment, with some settings changed or (None) gone."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in unlike.items():
            if value is None:
                environment.delenv(name)
            else:
                environment.setenv(name, value)
        with pytest.raises(SettingsError) as stopped:
            check()
    return str(stopped.value)


def check() -> None:
    Settings.read().check_for_running()


def policy_complaint(text: bytes) -> str:
    Path("policy.toml").write_bytes(text)
    return complaint()


def test_with_everything_set_there_is_nothing_to_say() -> None:
    settings = Settings.read()
    settings.check_for_running()
    assert settings.bot_token() == SECRETS["SLACK_BOT_TOKEN"]
    assert settings.policy().reviewers == ("UBOB",)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLACK_BOT_TOKEN", None, "SLACK_BOT_TOKEN is missing: the Bot User OAuth Token (xoxb-…)"),
        ("SLACK_BOT_TOKEN", "", "SLACK_BOT_TOKEN is missing"),
        (
            "SLACK_BOT_TOKEN",
            "xoxp-1",
            "SLACK_BOT_TOKEN is not the Bot User OAuth Token: that starts",
        ),
        ("SLACK_APP_TOKEN", "xoxb-1", "SLACK_APP_TOKEN is not the app-level token: that starts"),
        ("SLACK_API_URL", "slack.com", "SLACK_API_URL is not a web address; it starts with https"),
        (
            "DATABASE_URL",
            "mysql://db/x",
            "DATABASE_URL is not a database we can use; use sqlite:///",
        ),
        (
            "DATABASE_URL",
            "approvals.db",
            "DATABASE_URL is not a database we can use; use sqlite:///",
        ),
        (
            "DATABASE_URL",
            "sqlite:////no/a.db",
            "DATABASE_URL names a folder that is not there: /no.",
        ),
        ("DATABASE_URL", "sqlite:///.", "DATABASE_URL names a folder, and the store is a file: ."),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL is not a database we can use; the store is a"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL is not a log level; use DEBUG, INFO, WARNING or ERROR."),
        ("POLICY_FILE", "no.toml", "POLICY_FILE: there is no no.toml. Copy policy.example.toml"),
        ("POLICY_FILE", ".", "POLICY_FILE . cannot be read: Is a directory."),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str | None, sentence: str) -> None:
    assert sentence in complaint(**{name: value})


def test_without_a_way_in_both_ways_are_named() -> None:
    said = complaint(SLACK_APP_TOKEN=None, SLACK_SIGNING_SECRET="")
    assert said.startswith("Set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET")


def test_all_that_is_missing_is_said_at_once() -> None:
    gone = {name: None for name in SECRETS if name.startswith("SLACK")}
    said = complaint(**gone, POLICY_FILE="no.toml").splitlines()
    assert [line.split()[0] for line in said] == ["SLACK_BOT_TOKEN", "POLICY_FILE:", "Set"]
    both = complaint(LOG_LEVEL="LOUD", SLACK_API_URL="slack").splitlines()
    assert [line.split()[0] for line in both] == ["SLACK_API_URL", "LOG_LEVEL"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            b'[workspace]\ntimezone = "Mars"',
            "[workspace] timezone: 'Mars' is not the name of a time",
        ),
        (b"[workspace]\nremind_after_hours = 0", "use a whole number of hours from 1 to 720."),
        (b"[workspace", "The policy file is not valid TOML"),
        (b"", "The policy file has no [workspace] part."),
        (b'[workspace]\nchannel = "\xff"', "is not UTF-8 text; save it as UTF-8."),
    ],
)
def test_a_wrong_policy_is_named_with_its_file(text: bytes, sentence: str) -> None:
    said = policy_complaint(text)
    assert said.startswith("POLICY_FILE policy.toml")
    assert sentence in said


def test_the_env_file_is_read_and_the_environment_goes_first() -> None:
    Path(".env").write_text("LOG_LEVEL=debug\nDATABASE_URL=sqlite:///ours.db\n", encoding="utf-8")
    settings = Settings.read()
    assert (settings.log_level, settings.database_url) == ("DEBUG", SECRETS["DATABASE_URL"])


def test_an_env_file_in_another_encoding_is_named() -> None:
    Path(".env").write_bytes("LOG_LEVEL=ærlig".encode("latin-1"))
    assert complaint() == ".env is not UTF-8 text; save it as UTF-8."


def test_empty_is_unset(environment: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        environment.setenv(name.upper(), "")
    settings = Settings.read()
    assert (settings.log_level, settings.database_url) == ("INFO", "sqlite:///approvals.db")
    assert (settings.app_token(), settings.signing_secret()) == (None, None)


@pytest.mark.parametrize("around", ["{}\r\n", "\n {}\n", "\u00a0{}\t", "\ufeff{}", "\u200b {}"])
def test_what_surrounds_a_setting_is_no_part_of_it(
    environment: pytest.MonkeyPatch, around: str
) -> None:
    values = {**SECRETS, "POLICY_FILE": "policy.toml", "API_REQUESTS_PER_SECOND": "7"}
    for name, value in values.items():
        environment.setenv(name, around.format(value))
    settings = Settings.read()
    settings.check_for_running()
    assert (settings.bot_token(), settings.app_token(), settings.signing_secret()) == (
        *(SECRETS[f"SLACK_{name}"] for name in ("BOT_TOKEN", "APP_TOKEN", "SIGNING_SECRET")),
    )
    assert settings.database_url == SECRETS["DATABASE_URL"]
    assert settings.api_requests_per_second == 7


def test_a_setting_of_which_only_what_surrounds_it_is_there_is_unset(
    environment: pytest.MonkeyPatch,
) -> None:
    for name in Settings.model_fields:
        environment.setenv(name.upper(), " \ufeff\r\n")
    settings = Settings.read()
    assert (settings.database_url, str(settings.policy_file)) == (
        "sqlite:///approvals.db",
        "policy.toml",
    )
    assert (settings.app_token(), settings.signing_secret()) == (None, None)
    assert (settings.audit_file, settings.audit_webhook_url) == (None, None)


def test_a_byte_order_mark_begins_no_name() -> None:
    Path(".env").write_text("LOG_LEVEL=DEBUG\n", encoding="utf-8-sig")
    Path("policy.toml").write_text(POLICY, encoding="utf-8-sig")
    settings = Settings.read()
    assert settings.log_level == "DEBUG"
    assert settings.policy().sha256 == Policy.parse(POLICY).sha256
    assert "is not UTF-8 text" in policy_complaint(POLICY.encode("utf-16"))


def test_the_api_address_ends_in_a_slash(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SLACK_API_URL", "http://127.0.0.1:9000/api")
    assert Settings.read().slack_api_url == "http://127.0.0.1:9000/api/"


def test_no_secret_is_ever_shown() -> None:
    settings = Settings.read()
    said = f"{settings!r} {settings}" + complaint(
        SLACK_BOT_TOKEN="xoxp-1-the-bot-token",
        SLACK_APP_TOKEN="no-the-app-token",
        DATABASE_URL="sqlite:///no-folder/the-signing-secret",
    )
    said += complaint(LOG_LEVEL="LOUD", DATABASE_URL="mysql://approvals:the-password@localhost/x")
    for secret in ("the-bot-token", "the-app-token", "the-signing-secret", "the-password"):
        assert secret not in said


def test_only_postgresql_is_listened_to() -> None:
    said = complaint(DATABASE_LISTEN_URL="sqlite:///approvals.db")
    assert (
        said
        == "DATABASE_LISTEN_URL is not PostgreSQL, and only PostgreSQL tells of other replicas."
    )
