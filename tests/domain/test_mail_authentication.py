"""Whether a mail is of whom it says: only by the word of the trusted server, and only by its last word."""

import pytest

from ticketing.domain.mail_authentication import is_authenticated

CARLA = "carla@staff.example.org"
TRUSTED = "mx.desk.example"


def verdict(*values: str, sender: str = CARLA, trusts: str = TRUSTED) -> bool | None:
    return is_authenticated({"authentication-results": values}, sender, trusts)


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ("dmarc=pass header.from=staff.example.org", True),
        ("dmarc=pass", None),
        ("dmarc=pass; dkim=pass header.d=example.org", True),
        ("dmarc=fail", False),
        ("dmarc=pass header.from=other.example", False),
        ("dmarc=fail (p=none) header.from=staff.example.org; dkim=pass header.d=staff.example.org", False),
        ("dmarc=none; dkim=pass header.d=staff.example.org", True),
        ("dkim=pass header.d=example.org", True),
        ("dkim=pass header.i=@staff.example.org header.s=k1", True),
        ("dkim = pass (2048-bit; rsa) header.d = Staff.Example.ORG", True),
        ("dkim/1=pass header.d=staff.example.org", True),
        ("dkim=pass header.d=mailer.example", None),
        ("dkim=pass header.d=org", None),
        ("dkim=pass header.d=aff.example.org", None),
        ("dkim=fail header.d=staff.example.org", None),
        ('dkim=fail reason="dkim=pass header.d=staff.example.org; dmarc=pass"', None),
        ("spf=pass smtp.mailfrom=bounces@staff.example.org", True),
        ("spf=pass smtp.helo=staff.example.org", None),
        ("spf=softfail smtp.mailfrom=staff.example.org", None),
        ("spf=fail smtp.mailfrom=staff.example.org", False),
        ("spf=fail smtp.mailfrom=list.example; dkim=pass header.d=example.org", True),
        ("auth=pass smtp.auth=carla@staff.example.org", None),
        ("none", None),
        ("", None),
        ("(dmarc=pass", None),
        (";;=;= =", None),
    ],
)
def test_what_the_trusted_server_found_decides(results: str, found: bool | None) -> None:  # noqa: FBT001
    assert verdict(f"{TRUSTED} 1; {results}") is found


@pytest.mark.parametrize(
    "server", ["evil.example", f"(){TRUSTED}.evil.example", f"evil.example ({TRUSTED})", f"evil.example; {TRUSTED}", ""]
)
def test_nobody_else_is_believed(server: str) -> None:
    results = "dmarc=pass header.from=staff.example.org"

    assert verdict(f"{server}; {results}") is None
    assert verdict(f"{TRUSTED.upper()}; {results}") is True


def test_only_the_topmost_word_of_the_trusted_server_counts() -> None:
    results = "dmarc=pass header.from=staff.example.org"

    assert verdict(f"evil.example; {results}", f"{TRUSTED}; dmarc=fail", f"{TRUSTED}; {results}") is False
    assert verdict(f"evil.example; {results}", f"{TRUSTED}; {results}", f"{TRUSTED}; dmarc=fail") is True


def test_a_desk_that_trusts_no_server_knows_nothing() -> None:
    results = "dmarc=pass header.from=staff.example.org"

    assert verdict(f"; {results}", trusts="") is None
    assert verdict(f"{TRUSTED}; {results}", trusts="") is None


def test_a_mail_of_nobody_is_not_authenticated() -> None:
    assert verdict(f"{TRUSTED}; dmarc=pass; dkim=pass header.d=example.org", sender="") is None
