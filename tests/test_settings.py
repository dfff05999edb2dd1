"""Where settings stand: in the environment, and for what it leaves open in Streamlit's files of secrets."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ticketing.domain.configuration import Origin
from ticketing.domain.errors import SettingsError
from ticketing.domain.outbox import SmtpServer
from ticketing.domain.people import Role
from ticketing.settings import Settings, read_settings

Write = Callable[[str], None]
NAMED = ("REGISTRATION", "SESSION_DAYS", "MAX_UPLOAD_MB", "BASE_URL")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, as someone with an empty home who has set nothing; return the home."""
    for name in [name for name in os.environ if name.startswith("TICKETING_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    for place in (folder, tmp_path / "here"):
        (place / ".streamlit").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(tmp_path / "here")
    return folder


@pytest.fixture
def secrets() -> Write:
    """Return a way to write the secrets of the folder where the desk is started."""
    return lambda text: write(Path(), text)


def write(folder: Path, text: str) -> None:
    (folder / ".streamlit" / "secrets.toml").write_text(text, "utf-8")


def test_without_a_file_of_secrets_all_is_as_by_default() -> None:
    assert read_settings().model_fields_set == set()


def test_secrets_are_settings_as_words_numbers_and_truth_values(secrets: Write) -> None:
    secrets(
        'TICKETING_REGISTRATION = "closed"\n'
        "TICKETING_SESSION_DAYS = 3\n"
        "TICKETING_AGENTS_MAY_REGISTER_AGENTS = false\n"
        "TICKETING_DEMO = true\n"
    )

    settings = read_settings()

    assert (settings.registration, settings.session_days) == ("closed", 3)
    assert (settings.agents_may_register_agents, settings.demo) == (False, True)


def test_a_secret_of_digits_alone_is_a_password_all_the_same(secrets: Write) -> None:
    secrets("TICKETING_ADMIN_PASSWORD = 314159265358979\n")

    password = read_settings().admin_password

    assert password is not None
    assert password.get_secret_value() == "314159265358979"


def test_the_folder_goes_before_the_home_key_by_key(secrets: Write, home: Path) -> None:
    write(home, 'TICKETING_COOKIE_NAME = "of_home"\nTICKETING_SESSION_DAYS = 3\n')
    secrets('TICKETING_COOKIE_NAME = "of_here"\n')

    settings = read_settings()

    assert (settings.cookie_name, settings.session_days) == ("of_here", 3)


def test_the_environment_goes_before_both(secrets: Write, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home, 'TICKETING_COOKIE_NAME = "of_home"\n')
    secrets('TICKETING_COOKIE_NAME = "of_here"\n')
    monkeypatch.setenv("TICKETING_COOKIE_NAME", "of_the_environment")

    assert read_settings().cookie_name == "of_the_environment"


def test_what_the_environment_overrides_may_be_wrong_in_the_file(
    secrets: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets('TICKETING_REGISTRATION = "by invitation"\n')
    monkeypatch.setenv("TICKETING_REGISTRATION", "closed")

    assert read_settings().registration == "closed"


def test_keys_that_streamlit_has_handed_on_already_are_no_contradiction(
    secrets: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets('TICKETING_SESSION_DAYS = 3\nTICKETING_REGISTRATION = "closed"\n')
    monkeypatch.setenv("TICKETING_SESSION_DAYS", "3")
    monkeypatch.setenv("TICKETING_REGISTRATION", "closed")

    settings = read_settings()

    assert (settings.session_days, settings.registration) == (3, "closed")


def test_other_peoples_secrets_are_none_of_our_business(secrets: Write) -> None:
    secrets(
        'api_key = "x"\nTICKETING_TEST_BROWSER = "firefox"\n'
        '[auth]\nTICKETING_COLOUR = "red"\n[connections.ours]\nurl = "y"\n'
    )

    assert read_settings().model_fields_set == set()


@pytest.mark.parametrize("name", ["TICKETING_COLOUR", "ticketing_data_dir", "TICKETING_"])
def test_an_unknown_name_among_the_secrets_is_told_with_its_file(secrets: Write, name: str) -> None:
    secrets(f'{name} = "crimson"\n')

    with pytest.raises(SettingsError, match=rf"^There is no setting {name}\. Known are: .*TICKETING_DEMO,") as refused:
        read_settings()

    assert str(refused.value).endswith(" It stands in “.streamlit/secrets.toml”.")
    assert "crimson" not in str(refused.value)


def test_a_secret_that_cannot_be_is_told_with_its_file_but_without_its_value(home: Path) -> None:
    write(home, 'TICKETING_REGISTRATION = "crimson"\n')

    with pytest.raises(SettingsError, match=r"^TICKETING_REGISTRATION .*'open' or 'closed'\.") as refused:
        read_settings()

    assert str(refused.value).endswith(" It stands in “~/.streamlit/secrets.toml”.")
    assert "crimson" not in str(refused.value)


def test_a_variable_that_cannot_be_is_not_blamed_on_the_file(secrets: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets('TICKETING_REGISTRATION = "open"\n')
    monkeypatch.setenv("TICKETING_REGISTRATION", "crimson")

    with pytest.raises(SettingsError, match=r"^TICKETING_REGISTRATION .*'open' or 'closed'\.$"):
        read_settings()


@pytest.mark.parametrize("value", ["[1, 2]", "{ a = 1 }", "2031-01-01"], ids=["list", "table", "date"])
def test_a_setting_is_one_word_number_or_truth_value(secrets: Write, value: str) -> None:
    secrets(f"TICKETING_DATA_DIR = {value}\n")

    with pytest.raises(SettingsError, match=r"^TICKETING_DATA_DIR should be .* It stands in “\.streamlit/secrets"):
        read_settings()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'api_key = "x"\nTICKETING_ADMIN_PASSWORD = crimson\n', " in line 2"),
        (b'TICKETING_ADMIN_PASSWORD = "crimson', ""),
        (b'TICKETING_ADMIN_PASSWORD = "crimson\xff"\n', ""),
    ],
    ids=["no quotes", "one quote", "no UTF-8"],
)
def test_a_file_that_is_no_toml_is_told_in_one_sentence_that_gives_nothing_away(content: bytes, place: str) -> None:
    Path(".streamlit/secrets.toml").write_bytes(content)

    with pytest.raises(SettingsError) as refused:
        read_settings()

    assert str(refused.value) == f"“.streamlit/secrets.toml” is not TOML{place}."
    assert refused.value.__suppress_context__


def test_a_file_that_cannot_be_read_is_told_in_one_sentence(home: Path) -> None:
    (home / ".streamlit" / "secrets.toml").mkdir()

    with pytest.raises(SettingsError, match=r"^“~/\.streamlit/secrets\.toml” cannot be read: is a directory\.$"):
        read_settings()


def test_an_empty_storage_address_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_STORAGE_URL", "")

    assert read_settings().store_url == "json:data"


@pytest.mark.parametrize(
    ("written", "hours"), [("1h", 1), ("24h", 24), (" 36H ", 36), ("7d", 168), ("366d", 8784), ("", None)]
)
def test_the_time_between_backups_is_written_in_hours_or_days(
    written: str, hours: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETING_BACKUP_EVERY", written)

    assert read_settings().backup_every == (None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize("written", ["24", "0h", "367d", "9999d", "1.5h", "30m", "-1d", "P1D", "1:00:00", "daily"])
def test_what_is_no_time_between_backups_is_told(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_BACKUP_EVERY", written)

    with pytest.raises(SettingsError, match=r"^TICKETING_BACKUP_EVERY should be hours or days, at most 366d, such as "):
        read_settings()


def test_at_least_one_backup_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_BACKUP_KEEP", "0")

    with pytest.raises(SettingsError, match=r"^TICKETING_BACKUP_KEEP "):
        read_settings()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 25)),
        ("smtp://127.0.0.1:2525/", SmtpServer("127.0.0.1", 2525)),
        ("smtp://mail.example.org:25?starttls=1", SmtpServer("mail.example.org", 25, starttls=True)),
        (
            "smtp://desk:um%40brella@mail.example.org",
            SmtpServer("mail.example.org", 587, starttls=True, username="desk", password="um@brella"),
        ),
        (
            "smtp://desk:umbrella@localhost:1025?starttls=0",
            SmtpServer("localhost", 1025, username="desk", password="umbrella"),
        ),
        (
            "smtps://desk:umbrella@mail.example.org",
            SmtpServer("mail.example.org", 465, tls=True, username="desk", password="umbrella"),
        ),
    ],
)
def test_a_mail_server_is_read_and_a_password_goes_over_tls_unless_it_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, url: str, server: SmtpServer
) -> None:
    monkeypatch.setenv("TICKETING_SMTP_URL", url)
    monkeypatch.setenv("TICKETING_MAIL_FROM", "Help desk <desk@example.org>")

    settings = read_settings()

    assert settings.smtp_server == server
    assert "umbrella" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://crimson@mail.example.org",
        "smtp://",
        "smtp://mail.example.org:crimson",
        "smtp://mail.example.org?tls=1",
        "smtp://mail.example.org?starttls=yes",
        "smtp://mail.example.org/crimson",
    ],
)
def test_what_is_no_mail_server_stops_the_start_without_being_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("TICKETING_SMTP_URL", url)
    monkeypatch.setenv("TICKETING_MAIL_FROM", "desk@example.org")

    with pytest.raises(SettingsError, match=r"^TICKETING_SMTP_URL should be an address such as smtp://") as refused:
        read_settings()

    assert "crimson" not in str(refused.value)


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "Help desk",
        "desk@example.org, root@example.org",
        "Desk\nBcc: x@example.org <desk@example.org>",
        "<>",
        "a <b>",
    ],
    ids=repr,
)
def test_mails_come_from_one_address_that_must_be_named(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    monkeypatch.setenv("TICKETING_SMTP_URL", "smtp://mail.example.org")
    monkeypatch.setenv("TICKETING_MAIL_FROM", sender)

    with pytest.raises(SettingsError, match=r"^TICKETING_MAIL_FROM should be "):
        read_settings()


def test_a_demo_has_no_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_SMTP_URL", "smtp://mail.example.org")
    monkeypatch.setenv("TICKETING_MAIL_FROM", "desk@example.org")
    monkeypatch.setenv("TICKETING_DEMO", "true")

    assert read_settings().smtp_server is None


@pytest.mark.parametrize(
    "url", ["mail.example.org", "https://a:umbrella@mail", "imaps://mail.example.org", "imap://a:umbrella@mail:port/"]
)
def test_a_mailbox_that_cannot_be_one_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TICKETING_IMAP_URL", url)

    with pytest.raises(SettingsError, match=r"^TICKETING_IMAP_URL should be an address such as imaps://") as refusal:
        read_settings()
    assert "umbrella" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "files",
        "s3://",
        "s3:bucket",
        "s3://key:umbrella@bucket",
        "az://bucket?sig=umbrella",
        "s3://[umbrella",
        "file://umbrella",
        "file:///",
    ],
)
def test_a_place_of_files_that_cannot_be_one_is_refused_without_its_keys(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TICKETING_FILES_URL", url)

    with pytest.raises(SettingsError, match=r"^TICKETING_FILES_URL should be an address such as s3://") as refusal:
        read_settings()
    assert "umbrella" not in str(refusal.value)


def test_files_of_a_demo_stay_in_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_FILES_URL", "s3://bucket/folder")
    assert read_settings().files_address == "s3://bucket/folder"
    assert "bucket" not in repr(read_settings())

    monkeypatch.setenv("TICKETING_DEMO", "true")
    assert read_settings().files_address is None


@pytest.mark.parametrize(
    "url", ["127.0.0.1:3310", "http://127.0.0.1", "tcp://", "tcp://a:port", "tcp://a:3310/x", "unix://", "unix://a/b"]
)
def test_a_virus_scanner_that_cannot_be_one_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("TICKETING_CLAMD_URL", url)

    with pytest.raises(SettingsError, match=r"^TICKETING_CLAMD_URL should be an address such as tcp://"):
        read_settings()


def test_a_setting_of_files_that_is_empty_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TICKETING_FILES_URL", "TICKETING_CLAMD_URL"):
        monkeypatch.setenv(name, "")

    assert (read_settings().files_address, read_settings().clamd_url) == (None, None)


def test_senders_are_addresses_and_domains_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_MAIL_ALLOWED_SENDERS", "Ada@Example.org, @example.com,,example.net")
    monkeypatch.setenv("TICKETING_MAIL_DENIED_SENDERS", "")

    settings = read_settings()

    assert settings.mail_allowed_senders == ("ada@example.org", "example.com", "example.net")
    assert not settings.mail_denied_senders


@pytest.mark.parametrize("senders", ["ada @example.org", "example.org;example.com", "a@b@c", "*"])
def test_what_names_no_sender_is_refused(monkeypatch: pytest.MonkeyPatch, senders: str) -> None:
    monkeypatch.setenv("TICKETING_MAIL_DENIED_SENDERS", senders)

    with pytest.raises(SettingsError, match="TICKETING_MAIL_DENIED_SENDERS should be addresses and domains"):
        read_settings()


@pytest.mark.parametrize(
    ("required", "roles"), [("no", set()), ("agents", {Role.AGENT, Role.ADMIN}), ("everyone", set(Role))]
)
def test_who_must_have_a_second_factor_is_a_matter_of_roles(
    monkeypatch: pytest.MonkeyPatch, required: str, roles: set[Role]
) -> None:
    monkeypatch.setenv("TICKETING_REQUIRE_SECOND_FACTOR", required)

    assert read_settings().second_factor_of == roles


@pytest.mark.parametrize("name", ["SECOND_FACTOR_KEY", "TOKEN_KEY"])
def test_a_key_that_is_short_is_refused_without_being_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"TICKETING_{name}", "k" * 31)
    with pytest.raises(SettingsError, match="at least 32 characters") as refusal:
        read_settings()
    assert "kkk" not in str(refusal.value)

    monkeypatch.setenv(f"TICKETING_{name}", "k" * 32)
    assert "kkk" not in repr(read_settings())
    monkeypatch.setenv(f"TICKETING_{name}", "")
    assert getattr(read_settings(), name.lower()) is None


def test_admins_read_each_setting_and_where_it_comes_from(secrets: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets('TICKETING_SESSION_DAYS = 3\nTICKETING_REGISTRATION = "closed"\n')
    monkeypatch.setenv("TICKETING_REGISTRATION", "open")

    found = {one.name: one for one in read_settings().configured()}

    assert set(found) == {f"TICKETING_{name.upper()}" for name in Settings.model_fields}
    told = [(found[f"TICKETING_{name}"].value, found[f"TICKETING_{name}"].source) for name in NAMED]
    assert told == [("open", Origin.ENVIRONMENT), ("3", Origin.SECRETS), ("10", Origin.DEFAULT), ("-", Origin.DEFAULT)]
    assert found["TICKETING_SESSION_DAYS"].default == "14"


def test_no_password_or_key_is_among_what_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_ADMIN_PASSWORD", "hush hush hush")
    monkeypatch.setenv("TICKETING_SECOND_FACTOR_KEY", "hush" * 10)
    monkeypatch.setenv("TICKETING_METRICS_TOKEN", "hush")
    monkeypatch.setenv("TICKETING_SMTP_URL", "smtp://desk:hush@mail.example.org:587")
    monkeypatch.setenv("TICKETING_MAIL_FROM", "Desk <desk@example.org>")
    monkeypatch.setenv("TICKETING_IMAP_URL", "imaps://desk:hush@mail.example.org/INBOX")
    monkeypatch.setenv("TICKETING_FILES_URL", "s3://hush/folder")
    monkeypatch.setenv("TICKETING_STORAGE_URL", "postgresql+psycopg://desk:hu@s/h@db.example.org/desk?password=hush")

    found = {one.name: one.value for one in read_settings().configured()}

    assert "hush" not in str(found)
    assert found["TICKETING_SMTP_URL"] == found["TICKETING_ADMIN_PASSWORD"] == "set"
    assert found["TICKETING_STORAGE_URL"] == "postgresql+psycopg://…@db.example.org/desk?…"
    assert found["TICKETING_MAIL_FROM"] == "Desk <desk@example.org>"


PROVIDER = {
    "TICKETING_BASE_URL": "https://desk.example.org",
    "TICKETING_OIDC_ISSUER": "https://login.example.org/realms/acme",
    "TICKETING_OIDC_CLIENT_ID": "the-desk",
    "TICKETING_OIDC_CLIENT_SECRET": "between the two",
}


def set_up(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> None:
    """Set all that a provider takes, but for the *changes*; None leaves one out."""
    for name, value in (PROVIDER | {f"TICKETING_{name}": value for name, value in changes.items()}).items():
        if value is not None:
            monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"OIDC_CLIENT_SECRET": None},
        {"OIDC_CLIENT_SECRET": ""},
        {"OIDC_ISSUER": "http://127.0.0.1:8080", "BASE_URL": "http://localhost:8501"},
        {"OIDC_ISSUER": "", "OIDC_CLIENT_ID": "", "OIDC_CLIENT_SECRET": ""},
    ],
    ids=str,
)
def test_a_provider_is_set_up_whole(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None]) -> None:
    set_up(monkeypatch, **changes)

    settings = read_settings()

    assert bool(settings.oidc_issuer) == bool(settings.oidc_client_id)
    assert settings.oidc_name == "single sign-on"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"OIDC_ISSUER": None}, "OIDC_CLIENT_ID and TICKETING_OIDC_ISSUER go together"),
        ({"OIDC_CLIENT_ID": None}, "OIDC_CLIENT_ID and TICKETING_OIDC_ISSUER go together"),
        ({"OIDC_ISSUER": None, "OIDC_CLIENT_ID": None}, "OIDC_CLIENT_SECRET needs TICKETING_OIDC_ISSUER"),
        ({"BASE_URL": None}, "OIDC_ISSUER needs TICKETING_BASE_URL beside it"),
        ({"OIDC_ISSUER": "http://login.example.org"}, "OIDC_ISSUER should be an address such as https://"),
        ({"OIDC_ISSUER": "login.example.org"}, "OIDC_ISSUER should be an address such as https://"),
        ({"OIDC_ISSUER": "https://[login"}, "OIDC_ISSUER "),
        ({"OIDC_ISSUER": "https://login.example.org?realm=acme"}, "OIDC_ISSUER should be"),
        ({"OIDC_NAME": ""}, "OIDC_NAME "),
        ({"OIDC_NAME": "x" * 41}, "OIDC_NAME "),
    ],
    ids=str,
)
def test_half_a_provider_stops_the_start_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None], says: str
) -> None:
    set_up(monkeypatch, **changes)

    with pytest.raises(SettingsError, match=f"^TICKETING_{says}") as refused:
        read_settings()
    assert "between the two" not in str(refused.value)
