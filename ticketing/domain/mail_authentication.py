"""
Whether a mail is of whom it says: what a trusted mail server found out (Authentication-Results, RFC 8601).

Anybody can write such a header. It is believed only of the one server that the desk is told to trust, and of it only
the topmost, since a server writes above what it was sent.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ticketing.domain.incoming import Headers
from ticketing.domain.mail_syntax import Place, scanned

_LONGEST: Final = 10_000


class Finding(NamedTuple):
    """What one method found out, with the properties of the mail that it looked at: ("spf", "pass", {...})."""

    method: str
    result: str
    properties: Mapping[str, str]


def is_authenticated(headers: Headers, sender: str, trusts: str) -> bool | None:
    """
    Return whether the trusted server found that a mail is of its sender, None if it can't be told.

    DMARC decides where the domain has a policy (RFC 7489, 6.6.2). Else a signature or an envelope of the sender's own
    domain will do; a broken signature counts as none (RFC 6376, 6.1), and an envelope that the domain forbids as proof.
    """
    domain = sender.rpartition("@")[2]
    findings = list(_findings(headers, trusts)) if domain else []
    for finding in findings:
        if finding.method == "dmarc" and (found := _by_policy(domain, finding)) is not None:
            return found
    if any(finding.result == "pass" and _is_of(domain, finding) for finding in findings):
        return True
    return False if any((finding.method, finding.result) == ("spf", "fail") for finding in findings) else None


def _by_policy(domain: str, finding: Finding) -> bool | None:
    """Return what DMARC says; it must say of whom, since two who read the same header may not see the same sender."""
    judged = finding.properties.get("header.from")
    if finding.result == "fail" or (finding.result == "pass" and judged not in {None, domain}):
        return False
    return True if finding.result == "pass" and judged else None


def _is_of(domain: str, finding: Finding) -> bool:
    """Whether a signature or an envelope is of the sender's domain, or of one above it (RFC 7489, 3.1)."""
    names = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}.get(finding.method, ())
    other = next((finding.properties[name] for name in names if name in finding.properties), "").rpartition("@")[2]
    return "." in other and f".{domain}".endswith(f".{other}")


def _findings(headers: Headers, trusts: str) -> Iterator[Finding]:
    """Read the topmost header of the trusted server."""
    for value in headers.get("authentication-results", ()):
        server, *results = _plain(value[:_LONGEST]).casefold().split(";")
        if trusts and server.split()[:1] == [trusts.casefold()]:
            yield from filter(None, map(_finding, results))
            return


def _finding(written: str) -> Finding | None:
    pairs = [word.partition("=") for word in written.split() if "=" in word]
    if not pairs:
        return None
    (method, _, result), *others = pairs
    return Finding(method.partition("/")[0], result, {name: value for name, _, value in others})


def _plain(value: str) -> str:
    """Leave out comments, and in quoted strings what would mean something outside of them."""
    said = ((char, place is Place.QUOTED) for char, place in scanned(value) if place is not Place.COMMENT)
    kept = ("_" if quoted and char in ";= " else char for char, quoted in said)
    return "=".join(part.strip() for part in "".join(kept).split("="))
