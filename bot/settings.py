"""The only reader of the environment. One model feeds the code, the README's table and its test.

A value comes from the environment, else from `.env` in the working directory, else its default.
"""

from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from string import whitespace
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.observe.logs import LogFormat
from store.domain.policy import Policy, PolicyError
from store.engine.database import DatabaseUrlError, parse_url

_AROUND = f"{whitespace}\u00a0\u200b\ufeff"
"""What comes along when a value is copied, a byte order mark among it, and is no part of any."""


class SettingsError(ValueError):
    """A setting is missing or wrong; the text is one sentence a setting, each naming it."""


def _address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("is not a web address; it starts with https://")
    return value.rstrip("/") + "/"


def _channel(value: str | None) -> str | None:
    if value and not (value[:1] in {"C", "G"} and value.isalnum() and value.isupper()):
        raise ValueError("is not a channel id (C…); copy it from the channel's details")
    return value or None


def _webhook(value: str | None) -> str | None:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("is not a web address; it starts with https://")
    return value or None


def _database(value: str) -> str:
    try:
        url = parse_url(value)
    except DatabaseUrlError as error:
        raise ValueError(f"is not a database we can use; {error}") from error
    file = Path(url.database or "")
    if url.get_backend_name() == "sqlite" and not file.parent.is_dir():
        raise ValueError(f"names a folder that is not there: {file.parent}")
    if url.get_backend_name() == "sqlite" and file.is_dir():
        raise ValueError(f"names a folder, and the store is a file: {file}")
    return value


def _listened(value: str | None) -> str | None:
    if value and parse_url(_database(value)).get_backend_name() != "postgresql":
        raise ValueError("is not PostgreSQL, and only PostgreSQL tells of other replicas")
    return value


def _proxies(value: str | None) -> str | None:
    for part in (value or "").split(","):
        try:
            ip_network(part.strip()) if part.strip() else None
        except ValueError as error:
            raise ValueError(
                f"is not a list of addresses: {part.strip()!r}; write 10.0.0.7, 10.1.0.0/16"
            ) from error
    return value


def _level(value: str) -> str:
    if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("is not a log level; use DEBUG, INFO, WARNING or ERROR")
    return value.upper()


class Settings(BaseSettings):
    """Every setting, by its name in the environment (there in capitals)."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    slack_bot_token: Annotated[
        SecretStr | None,
        Field(description="Bot User OAuth Token, `xoxb-…`; always needed to talk to Slack"),
    ] = None
    slack_app_token: Annotated[
        SecretStr | None,
        Field(description="App-level token, `xapp-…`; turns Socket Mode on"),
    ] = None
    slack_signing_secret: Annotated[
        SecretStr | None,
        Field(description="Signing Secret of the app; turns signed HTTP on (`/slack/events`)"),
    ] = None
    slack_api_url: Annotated[
        str,
        AfterValidator(_address),
        Field(description="Where Slack's Web API is, for another server that speaks it"),
    ] = "https://slack.com/api/"
    database_url: Annotated[
        str,
        AfterValidator(_database),
        Field(  # its password stays out of repr, as the tokens do
            description="`sqlite:///file.db` or `postgresql://user:password@host/name`", repr=False
        ),
    ] = "sqlite:///approvals.db"
    database_listen_url: Annotated[
        str | None,
        AfterValidator(_listened),
        Field(
            description="The same PostgreSQL directly, where `DATABASE_URL` is PgBouncer; "
            "one connection per process, to hear of other replicas at once",
            repr=False,
        ),
    ] = None
    policy_file: Annotated[
        Path,
        Field(description="Who reviews and when people are reminded; see `policy.example.toml`"),
    ] = Path("policy.toml")
    trusted_proxies: Annotated[
        str | None,
        AfterValidator(_proxies),
        Field(
            description="Addresses or networks of proxies, separated by commas, that say who the "
            "client is; without any it is whoever connects"
        ),
    ] = None
    api_requests_per_second: Annotated[
        int,
        Field(gt=0, le=10_000, description="Requests a second of each API key, in each process"),
    ] = 50
    audit_key_file: Annotated[
        Path | None,
        Field(description="The key that signs checkpoints of the record (`store/audit`)"),
    ] = None
    audit_channel: Annotated[
        str | None,
        AfterValidator(_channel),
        Field(description="A channel (`C…`) that gets every checkpoint"),
    ] = None
    audit_file: Annotated[
        Path | None, Field(description="A file that every checkpoint is appended to")
    ] = None
    audit_webhook_url: Annotated[
        str | None,
        AfterValidator(_webhook),
        Field(description="A web address that every checkpoint is posted to", repr=False),
    ] = None
    metrics_port: Annotated[
        int | None,
        Field(
            ge=0,
            le=65535,
            description="A port of its own for `/metrics`, on the host of HTTP; without it this "
            "machine alone may ask the port of HTTP",
        ),
    ] = None
    log_format: Annotated[
        LogFormat, Field(description="`text` for people, `json` for machines; one line per event")
    ] = LogFormat.TEXT
    log_level: Annotated[
        str, AfterValidator(_level), Field(description="DEBUG, INFO, WARNING or ERROR")
    ] = "INFO"

    @model_validator(mode="before")
    @classmethod
    def _trimmed(cls, given: dict[str, Any]) -> dict[str, Any]:
        """As it was meant: secrets are pasted with the line break after them. Empty is not set."""
        trimmed = {
            name: value.strip(_AROUND) if isinstance(value, str) else value
            for name, value in given.items()
        }
        return {name: value for name, value in trimmed.items() if value != ""}

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Read and check every setting. Raises SettingsError naming each wrong one."""
        try:
            return cls(**given)
        except ValidationError as error:
            raise SettingsError("\n".join(_sentence(e) for e in error.errors())) from None
        except UnicodeDecodeError:
            raise SettingsError(".env is not UTF-8 text; save it as UTF-8.") from None

    def bot_token(self) -> str:
        """The bot token. Raises SettingsError where it is missing or of another kind."""
        return _secret("SLACK_BOT_TOKEN", self.slack_bot_token, "xoxb-", "Bot User OAuth Token")

    def app_token(self) -> str | None:
        """The app-level token, if Socket Mode is on."""
        if _unset(self.slack_app_token):
            return None
        return _secret("SLACK_APP_TOKEN", self.slack_app_token, "xapp-", "app-level token")

    def signing_secret(self) -> str | None:
        """The signing secret, if signed HTTP is on."""
        secret = self.slack_signing_secret
        return secret.get_secret_value() if secret and not _unset(secret) else None

    def policy(self) -> Policy:
        """The policy file, read and checked. Raises SettingsError naming what is wrong in it."""
        return self.policy_of(*self.policy_text())

    def policy_text(self) -> tuple[bytes, datetime]:
        """What stands in the policy file, and since when. Raises SettingsError."""
        try:
            changed_at = datetime.fromtimestamp(self.policy_file.stat().st_mtime, UTC)
            return self.policy_file.read_bytes(), changed_at
        except FileNotFoundError:
            raise SettingsError(
                f"POLICY_FILE: there is no {self.policy_file}. "
                "Copy policy.example.toml to it and name your reviewers."
            ) from None
        except OSError as error:
            raise SettingsError(
                f"POLICY_FILE {self.policy_file} cannot be read: {error.strerror}."
            ) from None

    def policy_of(self, text: bytes, changed_at: datetime) -> Policy:
        """The policy that this text of the file says. Raises SettingsError."""
        try:
            return Policy.parse(text.decode("utf-8-sig"), changed_at=changed_at)
        except UnicodeDecodeError:
            raise SettingsError(
                f"POLICY_FILE {self.policy_file} is not UTF-8 text; save it as UTF-8."
            ) from None
        except PolicyError as error:
            raise SettingsError(f"POLICY_FILE {self.policy_file}: {error}") from None

    def check_for_running(self) -> None:
        """Raises SettingsError with all that is missing before the bot can run."""
        problems = [
            problem
            for check in (self.bot_token, self.app_token, self.policy, self.check_entrance)
            if (problem := _problem(check))
        ]
        if problems:
            raise SettingsError("\n".join(problems))

    def check_entrance(self) -> None:
        """Raises SettingsError where Slack has no way in: neither Socket Mode nor signed HTTP."""
        if not self.app_token() and not self.signing_secret():
            raise SettingsError(
                "Set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (signed HTTP), or both: "
                "without either, Slack cannot reach the bot."
            )


def _unset(secret: SecretStr | None) -> bool:
    return secret is None or not secret.get_secret_value()


def _secret(name: str, secret: SecretStr | None, prefix: str, what: str) -> str:
    if secret is None or _unset(secret):
        raise SettingsError(f"{name} is missing: the {what} ({prefix}…) of your Slack app.")
    value = secret.get_secret_value()
    if not value.startswith(prefix):
        raise SettingsError(f"{name} is not the {what}: that starts with {prefix}.")
    return value


def _problem(check: Any) -> str | None:
    try:
        check()
    except SettingsError as error:
        return str(error)
    return None


def _sentence(error: Any) -> str:
    name = str(error["loc"][0]).upper() if error["loc"] else "A setting"
    return f"{name} {error['msg'].removeprefix('Value error, ')}."
