"""From figures and dates to findings: each of them in its good and in its bad state."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.findings import Finding, Level, by_gravity
from ticketing.domain.outbox import Backlog, Outcome, Outgoing, Result
from ticketing.domain.people import Role, User
from ticketing.domain.receipts import BACKUP_RECEIPT, Receipt
from ticketing.domain.received import MailFetch
from ticketing.domain.store import StoreHealth
from ticketing.domain.webhooks import Course, Webhook
from ticketing.services import diagnosis
from ticketing.services.diagnosis import Setup, Visit
from ticketing.storage.sql.schema import CURRENT

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
PUBLIC = Setup(base_url="https://desk.example.org", is_public=True)
LOCAL = Setup()


def only(findings: list[Finding]) -> Finding:
    """Return the one finding; what helps is said wherever something is not well, and nowhere else."""
    [found] = findings
    assert bool(found.fix) is (found.level is not Level.OK)
    return found


def agent(name: str, **fields: object) -> User:
    values = {
        "id": name,
        "display_name": name,
        "role": Role.AGENT,
        "password": "none",
        "created_at": NOW - 400 * DAY,
        "password_changed_at": NOW - 400 * DAY,
        "last_sign_in_at": NOW - DAY,
    }
    return User.model_validate(values | fields)


def test_the_gravest_comes_first_and_else_the_order_stays() -> None:
    mixed = [
        Finding(level, subject, "", "")
        for level, subject in [
            (Level.OK, "a"),
            (Level.PROBLEM, "b"),
            (Level.NOTE, "c"),
            (Level.WARNING, "d"),
            (Level.PROBLEM, "e"),
        ]
    ]

    assert "".join(found.subject for found in by_gravity(mixed)) == "bedca"


def test_a_store_that_is_well() -> None:
    assert only(diagnosis.files(StoreHealth())).level is Level.OK


def test_all_that_is_wrong_with_a_store_is_told() -> None:
    torn = tuple(f"journal-{number}.torn-9" for number in range(4))

    told = diagnosis.files(StoreHealth(torn=torn, compaction_fails=True, trouble="The disk burns."))

    assert [found.level for found in told] == [Level.PROBLEM, Level.WARNING, Level.WARNING]
    assert "The disk burns." in told[0].says
    assert told[2].says.endswith("journal-0.torn-9, journal-1.torn-9, journal-2.torn-9 ….")


def test_tables_are_up_to_date_or_not_and_files_have_none() -> None:
    assert diagnosis.schema(StoreHealth()) == []
    assert only(diagnosis.schema(StoreHealth(schema=CURRENT))).level is Level.OK
    assert only(diagnosis.schema(StoreHealth(schema=CURRENT, schema_is_current=False))).level is Level.PROBLEM


@pytest.mark.parametrize(
    ("newest", "server", "level"),
    [
        (None, None, Level.OK),
        (NOW - DAY, None, Level.OK),
        (NOW + timedelta(seconds=9), None, Level.OK),
        (NOW + timedelta(hours=3), None, Level.WARNING),
        (NOW - DAY, NOW - timedelta(seconds=9), Level.OK),
        (NOW - DAY, NOW - timedelta(seconds=11), Level.WARNING),
        (NOW - DAY, NOW + timedelta(seconds=11), Level.WARNING),
    ],
)
def test_the_clock_is_held_against_the_newest_change_and_the_databases_clock(
    newest: datetime | None, server: datetime | None, level: Level
) -> None:
    assert only(diagnosis.clocks(NOW, newest, server)).level is level


def test_without_a_schedule_nothing_is_known_of_backups() -> None:
    found = only(diagnosis.backups(NOW, None, None, None))

    assert (found.level, found.says) == (
        Level.NOTE,
        "No backups are scheduled. Those made by hand are not known here.",
    )
    assert "the latest is of 2026-03-01 09:00 UTC" in only(diagnosis.backups(NOW, None, NOW - DAY, None)).says


@pytest.mark.parametrize(
    ("age", "level"), [(DAY, Level.OK), (DAY + 59 * MINUTE, Level.OK), (DAY + 61 * MINUTE, Level.WARNING)]
)
def test_a_scheduled_backup_may_be_a_little_older_than_one_is_due(age: timedelta, level: Level) -> None:
    found = only(diagnosis.backups(NOW, DAY, NOW - age, None))

    assert found.level is level
    assert found.says.startswith("A backup is due every 1 d, and the latest is of 2026-03-01 0")


def test_that_none_was_ever_made_is_a_warning() -> None:
    found = only(diagnosis.backups(NOW, timedelta(hours=36), None, None))

    assert (found.level, found.says) == (Level.WARNING, "A backup is due every 36 h, and there is none yet.")


def test_a_backup_that_another_machine_made_is_no_reason_to_warn() -> None:
    receipt = Receipt(id=BACKUP_RECEIPT, expires_at=NOW + MINUTE)

    assert only(diagnosis.backups(NOW, DAY, None, receipt)).level is Level.NOTE
    assert only(diagnosis.backups(NOW + MINUTE, DAY, None, receipt)).level is Level.WARNING


def test_a_backup_that_failed_is_told_with_its_reason_even_if_there_is_a_fresh_one() -> None:
    receipt = Receipt(id=BACKUP_RECEIPT, expires_at=NOW + MINUTE, failure="The storage is full.")

    found = only(diagnosis.backups(NOW, DAY, NOW - DAY, receipt))

    assert found.level is Level.WARNING
    assert found.says == (
        "The last scheduled backup failed; the latest is of 2026-03-01 09:00 UTC. The storage is full."
    )


@pytest.mark.parametrize(
    ("setup", "host", "level"),
    [
        (LOCAL, None, Level.NOTE),
        (LOCAL, "localhost:8501", Level.NOTE),
        (LOCAL, "[::1]:8501", Level.NOTE),
        (LOCAL, "192.0.2.7:8501", Level.WARNING),
        (LOCAL, "desk.streamlit.app", Level.WARNING),
        (Setup(base_url="http://localhost:8501"), None, Level.OK),
        (Setup(base_url="http://desk.example.org", is_public=True), None, Level.WARNING),
        (PUBLIC, "localhost:8501", Level.OK),
    ],
)
def test_the_public_address_is_set_and_has_tls_where_others_reach_the_desk(
    setup: Setup, host: str | None, level: Level
) -> None:
    visit = Visit(host=host, origin=f"http://{host}") if host else None

    assert only(diagnosis.address(setup, visit)[:1]).level is level


def test_cookies_are_secure_where_there_is_tls() -> None:
    hosted = Visit(host="desk.streamlit.app", origin="https://desk.streamlit.app")

    assert only(diagnosis.address(LOCAL, None)[1:]).level is Level.NOTE
    assert only(diagnosis.address(LOCAL, hosted)[1:]).level is Level.OK
    found = only(diagnosis.address(PUBLIC, None)[1:])
    assert (found.level, found.says) == (
        Level.OK,
        "The cookie __Host-ticketing_session is Secure, HttpOnly and SameSite=Lax.",
    )


@pytest.mark.parametrize(
    ("address", "forwarded_for", "level"),
    [
        ("203.0.113.9", "203.0.113.9", Level.OK),
        ("203.0.113.9", "198.51.100.1, 203.0.113.9", Level.OK),
        ("", "127.0.0.1", Level.OK),  # a browser on the desk's own machine, whose address Streamlit keeps to itself
        ("10.0.0.5", "203.0.113.9", Level.WARNING),
        ("", "203.0.113.9", Level.WARNING),
        ("10.0.0.5", "", Level.WARNING),
    ],
)
def test_a_proxy_says_whose_request_it_is_and_is_believed(address: str, forwarded_for: str, level: Level) -> None:
    visit = Visit("desk.example.org", "https://desk.example.org", address, forwarded_for)

    assert only(diagnosis.connection(PUBLIC, visit)[:1]).level is level


def test_a_proxy_that_is_not_believed_is_named_in_what_helps() -> None:
    visit = Visit("desk.example.org", "https://desk.example.org", "10.0.0.5", "203.0.113.9")

    assert "FORWARDED_ALLOW_IPS=10.0.0.5 " in diagnosis.connection(PUBLIC, visit)[0].fix


def test_who_comes_past_the_proxy_cannot_judge_it() -> None:
    visit = Visit("localhost:8501", "http://localhost:8501")

    proxy, websocket = diagnosis.connection(PUBLIC, visit)

    assert proxy == Finding(Level.OK, "proxy", "You came without a proxy.")
    assert only([websocket]).level is Level.NOTE
    assert websocket.fix == "Look at this page at https://desk.example.org to have the proxy judged."


@pytest.mark.parametrize("setup", [LOCAL, PUBLIC])
def test_a_websocket_of_the_public_address_is_well(setup: Setup) -> None:
    visit = Visit("desk.example.org", "https://desk.example.org")

    assert only(diagnosis.connection(setup, visit)[1:]).level is Level.OK


def test_agents_with_passwords_of_their_own_who_come_by_are_well() -> None:
    fresh = agent("bert", must_change_password=True, password_changed_at=NOW - DAY, last_sign_in_at=None)
    invented = agent("igor", invented=True, last_sign_in_at=None)

    assert only(diagnosis.accounts(NOW, [agent("ada"), fresh, invented], LOCAL)).level is Level.OK


def test_the_password_of_the_manual_is_graver_where_others_reach_the_desk() -> None:
    first = agent("support_agent", has_known_password=True, must_change_password=True, last_sign_in_at=None)

    found = only(diagnosis.accounts(NOW, [first], LOCAL))

    assert (found.level, found.says) == (
        Level.WARNING,
        "support_agent still has the password that stands in the manual.",
    )
    assert only(diagnosis.accounts(NOW, [first], PUBLIC)).level is Level.PROBLEM


def test_a_one_time_password_that_nobody_used_for_a_week_is_a_warning() -> None:
    waiting = agent("bert", must_change_password=True, password_changed_at=NOW - 8 * DAY, last_sign_in_at=None)

    found = only(diagnosis.accounts(NOW, [agent("ada"), waiting], LOCAL))

    assert (found.level, found.says) == (
        Level.WARNING,
        "One-time passwords that were never used in 7 days: bert.",
    )


def test_agents_who_stay_away_are_noted_and_no_more_than_three_are_named() -> None:
    away = [agent(name, last_sign_in_at=NOW - 91 * DAY) for name in ("ada", "bert", "cleo")]
    never_came = agent("dora", last_sign_in_at=None)

    found = only(diagnosis.accounts(NOW, [*away, never_came], LOCAL))

    assert (found.level, found.says) == (Level.NOTE, "Not signed in for 90 days: ada, bert, cleo ….")


def test_in_a_demo_everybody_knows_the_passwords() -> None:
    first = agent("support_agent", has_known_password=True)

    assert only(diagnosis.accounts(NOW, [first], Setup(demo=True))).level is Level.NOTE


def mail_finding(
    *, sends_mail: bool, waiting: int = 0, oldest: datetime | None = None, failed: datetime | None = None
) -> Finding:
    """Judge the mails of a desk."""
    failure = Outgoing(id="f", username="carla", kind="replied", at=failed or NOW, due_at=NOW, expires_at=NOW)
    failure.settle(Outcome(Result.REFUSED, "550 No such mailbox"), NOW)
    setup = Setup(sends_mail=sends_mail, base_url="https://desk.example.org")
    return only(diagnosis.mail(NOW, setup, Backlog(waiting, oldest), failure if failed else None))


def test_where_nobody_has_two_step_sign_in_its_key_is_no_matter() -> None:
    assert diagnosis.two_step(Counter(), None) == []


def test_the_key_of_two_step_sign_in_is_the_one_with_which_people_have_set_it_up() -> None:
    assert only(diagnosis.two_step(Counter(k=2), "k")).level is Level.OK


@pytest.mark.parametrize(("present", "says"), [(None, "missing"), ("other", "another one than it was")])
def test_a_key_of_two_step_sign_in_that_is_missing_or_was_replaced_is_a_problem(present: str | None, says: str) -> None:
    found = only(diagnosis.two_step(Counter(k=2, other=1), present))

    assert found.level is Level.PROBLEM
    assert says in found.says
    assert f"codes of {2 if present else 3} people are refused" in found.says


def test_that_there_is_no_mail_is_said_plainly() -> None:
    found = mail_finding(sends_mail=False)

    assert (found.level, "Mail is not set up" in found.says) == (Level.NOTE, True)


def test_mails_that_wait_where_none_go_out_any_more_are_a_warning() -> None:
    found = mail_finding(sends_mail=False, waiting=3, oldest=NOW)

    assert (found.level, "3 mails wait" in found.says) == (Level.WARNING, True)


@pytest.mark.parametrize(("minutes", "level"), [(29, Level.OK), (31, Level.WARNING)])
def test_mails_that_wait_for_half_an_hour_are_a_warning(minutes: int, level: Level) -> None:
    found = mail_finding(sends_mail=True, waiting=2, oldest=NOW - timedelta(minutes=minutes))

    assert (found.level, "2 mails wait" in found.says) == (level, True)


@pytest.mark.parametrize(("hours", "level"), [(23, Level.WARNING), (25, Level.OK)])
def test_what_the_last_mail_died_of_is_told_for_a_day(hours: int, level: Level) -> None:
    found = mail_finding(sends_mail=True, failed=NOW - timedelta(hours=hours))

    assert (found.level, "550 No such mailbox" in found.says) == (level, level is Level.WARNING)


def test_without_a_mailbox_nothing_is_said_of_mail_that_comes_in() -> None:
    assert diagnosis.mail_in(NOW, MailFetch(name="Mailbox"), is_set_up=False) == []


@pytest.mark.parametrize(
    ("fetched", "failure", "level", "says"),
    [
        (29 * MINUTE, "", Level.OK, "Mail comes in; it was last fetched at 2026-03-02 08:31 UTC."),
        (
            31 * MINUTE,
            "",
            Level.WARNING,
            "Nobody looks after mail that comes in: it was last fetched at 2026-03-02 08:29 UTC.",
        ),
        (None, "", Level.WARNING, "Nobody looks after mail that comes in: none was ever fetched."),
        (
            MINUTE,
            "It is away.",
            Level.WARNING,
            "Mail does not come in, and it was last fetched at 2026-03-02 08:59 UTC. It is away.",
        ),
        (None, "It is away.", Level.WARNING, "Mail does not come in, and none was ever fetched. It is away."),
    ],
)
def test_a_mailbox_into_which_nobody_can_look_or_has_looked_lately_is_a_warning(
    fetched: timedelta | None, failure: str, level: Level, says: str
) -> None:
    fetch = MailFetch(name="Mailbox", fetched_at=None if fetched is None else NOW - fetched, failure=failure)

    found = only(diagnosis.mail_in(NOW, fetch, is_set_up=True))

    assert (found.level, found.says) == (level, says)


def test_mails_without_links_are_worth_a_note() -> None:
    found = only(diagnosis.mail(NOW, Setup(sends_mail=True), Backlog(), None))

    assert found.level is Level.NOTE
    assert "TICKETING_BASE_URL" in found.fix


def webhook(**course: object) -> Webhook:
    active = "turned_off" not in course
    return Webhook(name="CRM", url="https://crm.example.org/", active=active, course=Course.model_validate(course))


def test_where_there_is_no_webhook_nothing_is_said_of_any() -> None:
    assert diagnosis.webhooks(NOW, []) == []


@pytest.mark.parametrize(("minutes", "level"), [(29, Level.OK), (31, Level.WARNING)])
def test_a_webhook_at_which_nothing_arrives_for_half_an_hour_is_a_warning(minutes: int, level: Level) -> None:
    failing = webhook(says="500 Internal Server Error", failures=3, failing_since=NOW - minutes * MINUTE)

    found = only(diagnosis.webhooks(NOW, [failing]))

    assert (found.level, "500 Internal Server Error" in found.says) == (level, level is Level.WARNING)


@pytest.mark.parametrize("course", [{"turned_off": NOW}, {"missed": 3}])
def test_a_webhook_that_was_turned_off_or_has_missed_something_is_a_warning(course: dict[str, object]) -> None:
    assert only(diagnosis.webhooks(NOW, [webhook(**course)])).level is Level.WARNING
