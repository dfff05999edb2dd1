"""Handing a mail over to a real mail server, which may behave as badly as it likes."""

import ssl
import subprocess
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from tests.mail_server import Behaviour, MailServer, SilentServer
from ticketing.delivery.smtp import SmtpConnection
from ticketing.domain.outbox import Outcome, Result, SmtpServer

CARLA, OSKAR, DESK = "carla@example.org", "oskar@example.org", "desk@example.org"
SENT = Outcome(Result.SENT)
BROKE_OFF = Outcome(Result.AGAIN, "The mail server broke off the connection.")
TOO_SLOW = Outcome(Result.AGAIN, "The mail server did not answer in time.")


def mail(recipient: str = CARLA) -> EmailMessage:
    """Return a small mail."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = DESK, recipient, "No dial tone"
    made.set_content("The line is dead.\n")
    return made


def sent(server: SmtpServer, *recipients: str, timeout: float = 5) -> list[Outcome]:
    """Send a mail to each over one connection."""
    with SmtpConnection(server, "example.org", timeout) as connection:
        return [connection.send(mail(each), DESK, each) for each in recipients or (CARLA,)]


def test_e1_several_mails_go_over_one_connection_each_to_the_one_it_is_for() -> None:
    with MailServer() as server:
        assert sent(server.server, CARLA, OSKAR) == [SENT, SENT]

        assert [(one.sender, one.recipients) for one in server.taken] == [(DESK, [CARLA]), (DESK, [OSKAR])]
        assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "result"),
    [("451 Try later", Result.AGAIN), ("452 Full", Result.AGAIN), ("550 No such mailbox", Result.REFUSED)],
)
@pytest.mark.parametrize("step", ["recipient", "data"])
def test_e3_a_refusal_is_for_good_or_not_by_its_code_and_is_told_in_the_servers_words(
    answer: str, result: Result, step: str
) -> None:
    behaviour = Behaviour(recipients={CARLA: answer}) if step == "recipient" else Behaviour(data=answer)
    with MailServer(behaviour) as server:
        assert sent(server.server) == [Outcome(result, answer)]
        assert server.taken == []


def test_one_bad_address_keeps_no_other_from_its_mail() -> None:
    with MailServer(Behaviour(recipients={CARLA: "550 No such mailbox"})) as server:
        assert [one.result for one in sent(server.server, CARLA, OSKAR, CARLA)] == ["refused", "sent", "refused"]
        assert [one.recipients for one in server.taken] == [[OSKAR]]


def test_a_line_that_is_dropped_before_the_mail_was_taken_is_worth_another_try() -> None:
    with MailServer(Behaviour(drops_before=1)) as server:
        assert sent(server.server, CARLA, OSKAR) == [BROKE_OFF, SENT]
        assert [one.recipients for one in server.taken] == [[OSKAR]]


def test_whether_a_mail_was_taken_before_the_line_dropped_cannot_be_known() -> None:
    with MailServer(Behaviour(drops_after=1)) as server:
        assert sent(server.server) == [BROKE_OFF]
        assert len(server.taken) == 1


def test_e3_a_server_that_answers_too_slowly_is_given_up() -> None:
    with MailServer(Behaviour(delay=1)) as server:
        assert sent(server.server, timeout=0.3) == [TOO_SLOW]


def test_a_silent_server_is_given_up_once_for_all_that_is_to_be_sent() -> None:
    with SilentServer() as server:
        outcomes = sent(server.server, CARLA, OSKAR, timeout=0.3)

    assert outcomes == [TOO_SLOW, TOO_SLOW]


def test_where_nothing_listens_the_mail_waits() -> None:
    with MailServer() as server:
        address = server.server

    assert "cannot be reached: connection refused." in sent(address)[0].says


def test_the_right_password_opens() -> None:
    with MailServer(password="umbrella") as server:
        assert sent(replace(server.server, username="desk", password="umbrella")) == [SENT]


def test_a_wrong_password_is_told_without_it_and_nothing_is_lost() -> None:
    with MailServer(password="umbrella") as server:
        outcome = sent(replace(server.server, username="desk", password="zebra-marker"))[0]

    assert outcome.result is Result.AGAIN
    assert outcome.says.startswith("The mail server does not take the user name and password of TICKETING_SMTP_URL.")
    assert "zebra-marker" not in outcome.says


def test_a_server_that_echoes_the_password_does_not_get_it_into_the_ledger() -> None:
    with MailServer(Behaviour(data="550 Told zebra-marker to go"), password="zebra-marker") as server:
        outcome = sent(replace(server.server, username="desk", password="zebra-marker"))[0]

    assert outcome == Outcome(Result.REFUSED, "550 Told … to go")


def test_a_server_without_sign_in_is_told_no_password() -> None:
    with MailServer() as server:
        outcome = sent(replace(server.server, username="desk", password="umbrella"))[0]

    assert outcome.result is Result.AGAIN
    assert outcome.says.startswith("The mail server takes no user name and password here.")


def test_without_the_starttls_that_was_asked_for_nothing_is_sent() -> None:
    with MailServer() as server:
        outcome = sent(replace(server.server, starttls=True))[0]

        assert outcome.result is Result.AGAIN
        assert outcome.says.startswith("The mail server offers no STARTTLS")
        assert server.taken == []


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Make a certificate for this machine, which this test believes."""
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", made], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return context


def test_starttls_is_used_when_it_is_asked_for(certificate: ssl.SSLContext) -> None:
    with MailServer(certificate=certificate, password="umbrella") as server:
        secure = replace(server.server, starttls=True, username="desk", password="umbrella")
        assert sent(secure) == [SENT]


def test_tls_is_spoken_from_the_first_byte_on_when_it_is_asked_for(
    certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MailServer(certificate=certificate, is_tls=True, password="umbrella") as server:
        secure = replace(server.server, tls=True, username="desk", password="umbrella")
        assert sent(secure, CARLA, OSKAR) == [SENT, SENT]

        monkeypatch.delenv("SSL_CERT_FILE")
        outcome = sent(secure)[0]

        assert outcome.result is Result.AGAIN
        assert "its certificate is not valid" in outcome.says
        assert len(server.taken) == 2


def test_a_server_without_the_tls_that_was_asked_for_is_sent_nothing() -> None:
    with MailServer() as server:
        outcome = sent(replace(server.server, tls=True))[0]

        assert outcome.result is Result.AGAIN
        assert "cannot be reached" in outcome.says
        assert server.taken == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with MailServer(certificate=certificate) as server:
        outcome = sent(replace(server.server, starttls=True))[0]

        assert outcome.result is Result.AGAIN
        assert "its certificate is not valid" in outcome.says
        assert server.taken == []


def test_an_address_in_another_script_goes_to_its_domain_as_servers_know_it() -> None:
    with MailServer() as server:
        assert sent(server.server, "carla@exämple.org") == [SENT]
        assert server.taken[0].recipients == ["carla@xn--exmple-cua.org"]
