"""
Settings, read when they are first asked for: TICKETING_ variables of the environment, or else keys among the secrets.

The secrets are Streamlit's files, and are read here all the same: Streamlit hands their keys on only once it serves, as
variables that hide those of the environment, and without the truth values.
"""

import os
import re
import tomllib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from ticketing.domain.attachments import OBJECT_STORES
from ticketing.domain.browsers import SESSION_COOKIE, is_this_machine
from ticketing.domain.configuration import Configured, Origin, told
from ticketing.domain.errors import SettingsError
from ticketing.domain.outbox import SmtpServer, read_sender
from ticketing.domain.people import STAFF, Role
from ticketing.domain.sign_in import SessionLimits

PREFIX = "TICKETING_"
TESTS_PREFIX = "TICKETING_TEST_"
_SENDER = re.compile(r"(?:[^@\s,]{1,64}@)?[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?")
_KEY_MINIMUM = 32
SECRETS = ("~/.streamlit/secrets.toml", ".streamlit/secrets.toml")  # the latter's keys go before the former's


class Settings(BaseModel):
    """How this desk is set up; each field is the variable TICKETING_ and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(Path("data"), description="where the JSON store lives")
    storage_url: str | None = Field(
        None,
        description="`json:DIR`, `sqlite:///FILE`, `postgresql+psycopg://USER:PASSWORD@HOST/NAME` or `memory:`; "
        "by default `json:` and the data directory",
    )
    base_url: str | None = Field(
        None, description="the public address, such as https://desk.example.org; mails have links only with it"
    )
    admin_password: SecretStr | None = Field(None, description="password of the first account")
    registration: Literal["open", "closed"] = Field("open", description="whether visitors may register")
    agents_may_register_agents: bool = Field(default=True, description="whether agents may, or admins only")
    require_second_factor: Literal["no", "agents", "everyone"] = Field(
        "no", description="who must set up two-step sign-in; agents includes admins"
    )
    second_factor_key: SecretStr | None = Field(
        None,
        description="of two-step sign-in and webhooks, 32 characters or more; by default a file in the data directory",
    )
    token_key: SecretStr | None = Field(
        None, description="of the API's access tokens, 32 characters or more; by default a file in the data directory"
    )
    cookie_name: str = Field(
        SESSION_COOKIE,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="of the session cookie, for hosts that forward only cookies they know; over https the default is "
        "sent with `__Host-` before it, any other as it is",
    )
    session_idle_hours: int = Field(12, ge=1, le=24 * 14, description="a user's session ends after so long without use")
    session_days: int = Field(14, ge=1, le=90, description="a user's session ends after so long in any case")
    agent_session_idle_hours: int = Field(4, ge=1, le=24 * 14, description="the same for agents and admins")
    agent_session_hours: int = Field(24, ge=1, le=24 * 90, description="the same for agents and admins")
    smtp_url: SecretStr | None = Field(
        None, description="sends mail: `smtp://USER:PASSWORD@HOST:587?starttls=1` or `smtps://…`; docs/mail.md"
    )
    mail_from: str | None = Field(
        None, validate_default=True, description="whom mails come from, such as `Help desk <desk@example.org>`"
    )
    tickets_per_hour: int = Field(
        60, ge=1, description="so many tickets a requester opens in an hour at most, with twice as many replies"
    )
    max_upload_mb: int = Field(10, ge=1, le=100, description="size of one attached file, in MB")
    max_files_gb: int | None = Field(
        None, ge=1, description="size of all attached files together, in GB; by default whatever the disk takes"
    )
    files_url: SecretStr | None = Field(
        None, description="keeps attached files elsewhere than beside the store: `s3://BUCKET/FOLDER`; docs/files.md"
    )
    clamd_url: str | None = Field(
        None, description="ClamAV checks files: `tcp://HOST:3310` or `unix:///run/clamav/clamd.ctl`; docs/files.md"
    )
    clamd_required: bool = Field(default=True, description="whether files are refused while it does not answer")
    backup_every: timedelta | None = Field(
        None, description="makes a backup in the data directory so often, such as `24h` or `7d`; by default never"
    )
    backup_keep: int = Field(7, ge=1, le=1000, description="how many of these are kept")
    log_format: Literal["text", "json"] = Field("text", description="of the log on standard error")
    imap_url: SecretStr | None = Field(
        None, description="the mailbox from which mail comes in, `imaps://USER:PASSWORD@HOST/INBOX`"
    )
    mail_unknown_senders: Literal["open", "registered", "closed"] = Field(
        "registered", description="whose new mail is taken: anybody's, that of addresses with an account, or nobody's"
    )
    mail_allowed_senders: tuple[str, ...] | None = Field(
        None, description="addresses and domains, with commas between; if there are any, mail of no other is taken"
    )
    mail_denied_senders: tuple[str, ...] | None = Field(None, description="the same, whose mail is never taken")
    private_webhooks: bool = Field(
        default=False, description="lets webhooks go to private addresses and this machine, over plain http as well"
    )
    mail_checked_by: str | None = Field(
        None, description="the name of your mail server in the Authentication-Results that it puts into mail"
    )
    metrics_token: SecretStr | None = Field(None, description="with it as a bearer token, `/metrics` tells figures")
    api_requests_per_minute: int = Field(
        600, ge=1, le=1_000_000, description="how often one account may call the API, at each process that serves"
    )
    oidc_issuer: str | None = Field(
        None, description="lets people sign in by an OpenID provider, such as https://login.example.org; docs/oidc.md"
    )
    oidc_client_id: str | None = Field(
        None, validate_default=True, max_length=255, description="by which the provider knows this desk"
    )
    oidc_client_secret: SecretStr | None = Field(
        None, description="by which the desk proves that to it; none for a public client"
    )
    oidc_name: str = Field(
        "single sign-on", min_length=1, max_length=40, description="what the provider is called on the sign-in page"
    )
    demo: bool = Field(default=False, description="a desk with invented history and known passwords; loopback only")
    demo_anywhere: bool = Field(default=False, description="lets the demo serve beyond this machine")

    _in_secrets: frozenset[str] = PrivateAttr(frozenset())

    @field_validator("base_url")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("should be an address such as https://desk.example.org")
        return value.rstrip("/")

    @field_validator("second_factor_key", "token_key")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if len(value.get_secret_value()) < _KEY_MINIMUM:
            raise ValueError(f"should have at least {_KEY_MINIMUM} characters, drawn by chance")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        _smtp_server(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value:
            read_sender(value)
        elif info.data.get("smtp_url"):
            raise ValueError("should be the address that mails come from, such as Help desk <desk@example.org>")
        return value or None

    @field_validator("backup_every", mode="before")
    @classmethod
    def _is_time(cls, value: object) -> object:
        """Read hours or days; an hour at least, a year at most."""
        if not isinstance(value, str):
            return value
        found = re.fullmatch(r"([1-9][0-9]{0,3})([hd])", value.strip().lower())
        time = timedelta(hours=int(found[1]) * (24 if found[2] == "d" else 1)) if found else None
        if value and (time is None or time > timedelta(days=366)):
            raise ValueError("should be hours or days, at most 366d, such as 24h or 7d")
        return time

    @field_validator("imap_url", mode="after")
    @classmethod
    def _is_mailbox(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        try:
            parts = urlsplit(value.get_secret_value())
            well_formed = parts.scheme in {"imap", "imaps"} and parts.hostname and parts.username and parts.port != 0
        except ValueError:  # which would quote it
            well_formed = False
        if not well_formed:
            raise ValueError("should be an address such as imaps://USER:PASSWORD@mail.example.org/INBOX")
        return value

    @field_validator("files_url")
    @classmethod
    def _is_place_of_files(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        try:
            parts = urlsplit(value.get_secret_value())
        except ValueError:  # which would quote it
            parts = urlsplit("")
        is_wrong_bucket = parts.scheme in OBJECT_STORES and (not parts.hostname or parts.username or parts.query)
        is_wrong_folder = parts.scheme == "file" and (parts.netloc or not parts.path.strip("/"))
        if not parts.scheme or is_wrong_bucket or is_wrong_folder:
            raise ValueError("should be an address such as s3://BUCKET/FOLDER, without keys: see docs/files.md")
        return value

    @field_validator("clamd_url")
    @classmethod
    def _is_scanner(cls, value: str | None) -> str | None:
        try:
            parts = urlsplit(value or "")
            well_formed = (parts.scheme == "tcp" and parts.hostname and parts.port != 0 and not parts.path) or (
                parts.scheme == "unix" and parts.path.strip("/") and not parts.netloc
            )
        except ValueError:
            well_formed = False
        if value and not well_formed:
            raise ValueError("should be an address such as tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl")
        return value or None

    @field_validator("mail_allowed_senders", "mail_denied_senders", mode="before")
    @classmethod
    def _is_list_of_senders(cls, value: object) -> object:
        """Read addresses and domains; a domain may be written with its @."""
        if not isinstance(value, str):
            return value
        senders = [sender.strip().casefold().removeprefix("@") for sender in value.split(",")]
        if any(not _SENDER.fullmatch(sender) for sender in senders if sender):
            raise ValueError("should be addresses and domains with commas between, such as ada@example.org,example.com")
        return tuple(filter(None, senders))

    @field_validator("oidc_issuer")
    @classmethod
    def _is_provider(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        is_near = parts.scheme == "http" and is_this_machine(parts.hostname or "")
        if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or is_near):
            raise ValueError("should be an address such as https://login.example.org")
        if not info.data.get("base_url"):
            raise ValueError("needs TICKETING_BASE_URL beside it, to which the provider sends people back")
        return value

    @field_validator("oidc_client_id")
    @classmethod
    def _is_beside_provider(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "oidc_issuer" not in info.data:  # that one is told of
            return value or None
        if bool(value) != bool(info.data["oidc_issuer"]):
            raise ValueError("and TICKETING_OIDC_ISSUER go together: please set both or neither")
        return value or None

    @field_validator("oidc_client_secret")
    @classmethod
    def _is_of_client(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if "oidc_client_id" in info.data and not info.data["oidc_client_id"]:
            raise ValueError("needs TICKETING_OIDC_ISSUER and TICKETING_OIDC_CLIENT_ID beside it")
        return value

    @field_validator("storage_url")
    @classmethod
    def _is_given(cls, value: str | None) -> str | None:
        return value or None

    def configured(self) -> tuple[Configured, ...]:
        """Return each setting as admins may read it."""
        return tuple(self._configured(name) for name in type(self).model_fields)

    def _configured(self, name: str) -> Configured:
        field, value = type(self).model_fields[name], getattr(self, name)
        if SecretStr.__name__ in str(field.annotation):
            value = "set" if value else "not set"
        source = Origin.SECRETS if name in self._in_secrets else Origin.ENVIRONMENT
        is_given = name in self.model_fields_set
        about = (field.description or "").replace("`", "")
        return Configured(
            f"{PREFIX}{name.upper()}", about, told(value), told(field.default), source if is_given else Origin.DEFAULT
        )

    @property
    def store_url(self) -> str:
        """Where everything is kept: `storage_url`, or else JSON in the data directory; a demo keeps to itself in it."""
        is_shared = self.demo and "data_dir" not in self.model_fields_set
        return self.storage_url or f"json:{self.data_dir / 'demo' if is_shared else self.data_dir}"

    @property
    def smtp_server(self) -> SmtpServer | None:
        """Where mails are handed over; None if none leave this desk, as none leave a demo."""
        return None if self.smtp_url is None or self.demo else _smtp_server(self.smtp_url.get_secret_value())

    @property
    def files_address(self) -> str | None:
        """Where attached files are kept, if not beside the store, where a demo's always are."""
        return None if self.files_url is None or self.demo else self.files_url.get_secret_value()

    @property
    def backup_folder(self) -> Path:
        """Where scheduled backups are kept."""
        return self.data_dir / "backups"

    @property
    def key_file(self) -> Path:
        """Where the key of second factors and webhooks is kept, apart from the store, unless it is given."""
        return self.data_dir / "second_factor.key"

    @property
    def token_key_file(self) -> Path:
        """Where the key of access tokens is kept, apart from the store, unless it is given."""
        return self.data_dir / "token.key"

    @property
    def second_factor_of(self) -> frozenset[Role]:
        """Who must set up a second factor."""
        return {"no": frozenset[Role](), "agents": STAFF, "everyone": frozenset(Role)}[self.require_second_factor]

    @property
    def is_public(self) -> bool:
        """Whether the desk says that it is reached from other machines."""
        host = urlsplit(self.base_url or "").hostname
        return host is not None and host not in {"localhost", "127.0.0.1", "::1"}

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the desk over https."""
        return (self.base_url or "").startswith("https://")

    @property
    def session_limits(self) -> SessionLimits:
        """How long sessions last."""
        return SessionLimits(
            user_idle=timedelta(hours=self.session_idle_hours),
            user_absolute=timedelta(days=self.session_days),
            agent_idle=timedelta(hours=self.agent_session_idle_hours),
            agent_absolute=timedelta(hours=self.agent_session_hours),
        )


def _smtp_server(url: str) -> SmtpServer:
    """
    Read the address of a mail server; raises ValueError, without what was in it.

    A password goes over TLS only, unless it says starttls=0.
    """
    form = "should be an address such as smtp://USER:PASSWORD@mail.example.org:587?starttls=1"
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        port = parts.port
    except ValueError:
        raise ValueError(form) from None
    is_known = parts.scheme in {"smtp", "smtps"} and options in ({}, {"starttls": "0"}, {"starttls": "1"})
    if not is_known or not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ValueError(form)
    tls = parts.scheme == "smtps"
    return SmtpServer(
        parts.hostname,
        port or (465 if tls else 587 if parts.username else 25),
        tls=tls,
        starttls=not tls and options.get("starttls", "1" if parts.username else "0") == "1",
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def read_settings() -> Settings:
    """Read environment and secrets; raises SettingsError naming a setting that is unknown or holds what it cannot."""
    in_environment = variables()
    _require_known(in_environment)
    found: dict[str, tuple[str, str | None]] = {}
    for file in SECRETS:
        found |= {name: (value, file) for name, value in _secrets(file).items()}
    found |= {name: (value, None) for name, value in in_environment.items()}
    named = {name.removeprefix(PREFIX).lower(): origin for name, origin in found.items()}
    try:
        settings = Settings.model_validate({name: value for name, (value, _) in named.items()})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = f"{PREFIX}{str(first['loc'][0]).upper()}"
        standing_in = _standing_in(found[name][1]) if name in found else ""
        raise SettingsError(f"{name} {_explained(first['msg'])}.{standing_in}") from None
    settings._in_secrets = frozenset(name for name, (_, file) in named.items() if file)  # noqa: SLF001 - our own
    return settings


def variables() -> dict[str, str]:
    """Return what the environment sets, even names that are no settings; but nothing that belongs to the tests."""
    return {name: value for name, value in os.environ.items() if _is_for_us(name)}


def _is_for_us(name: str) -> bool:
    return name.upper().startswith(PREFIX) and not name.startswith(TESTS_PREFIX)


def _secrets(file: str) -> dict[str, str]:
    """Return a file's keys that are for us, as variables hold them; where there is no file there are none."""
    try:
        content = Path(os.path.expanduser(file)).read_text("utf-8")  # noqa: PTH111 - Path's own raises without a home
        keys = tomllib.loads(content)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"“{file}” cannot be read: {(error.strerror or str(error)).lower()}.") from None
    except ValueError as error:  # neither UTF-8 nor TOML; what it quotes may be part of a password
        line = re.search(r"\(at (line \d+)", str(error))
        raise SettingsError(f"“{file}” is not TOML{f' in {line[1]}' if line else ''}.") from None
    ours = {name: value for name, value in keys.items() if _is_for_us(name)}
    _require_known(ours, file)
    return {name: _as_variable(name, value, file) for name, value in ours.items()}


def _as_variable(name: str, value: Any, file: str) -> str:
    if not isinstance(value, str | int | float):
        raise SettingsError(f"{name} should be a text, a number, true or false.{_standing_in(file)}")
    return str(value)


def _require_known(names: Iterable[str], file: str | None = None) -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(set(names) - known)
    if unknown:
        raise SettingsError(
            f"There is no setting {unknown[0]}. Known are: {', '.join(sorted(known))}.{_standing_in(file)}"
        )


def _standing_in(file: str | None) -> str:
    return f" It stands in “{file}”." if file else ""


def _explained(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
