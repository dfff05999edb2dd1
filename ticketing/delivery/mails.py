"""
Mails as they go out: plain text, and the same as simple HTML, in which nothing that people typed is markup.

Texts are templates in jinja2's sandbox. Header fields are set by the standard library, which refuses line ends in them
and quotes what a name must not say of itself.
"""

from collections.abc import Iterable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ticketing.delivery.texts import HTML, STOP, SUBJECTS, TEXTS
from ticketing.domain.incoming import LOOP_HEADER
from ticketing.domain.outbox import Letter
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.text import printable

_PLAIN: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_MARKUP: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
# What mail programs take mails for that are about one thing (RFC 5322, 3.6.4); no mail has this id itself.
_THREAD: Final = "0" * 16


class Desk(NamedTuple):
    """Whose mails these are: name and address of the sender, and the public address of the desk, "" without one."""

    name: str
    address: str
    base_url: str = ""

    @property
    def host(self) -> str:
        """Where Message-IDs are made."""
        return in_ascii(self.address).rpartition("@")[2]


def compose(letter: Letter, desk: Desk, now: datetime) -> EmailMessage:
    """Return the mail; the same letter has the same Message-ID, however often it is sent."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _mailbox(desk.name, desk.address)
    mail["To"] = _mailbox(letter.name, letter.address)
    mail["Subject"] = _subject(letter)
    mail["Date"] = now
    mail["Message-ID"] = message_id(letter, desk.host)
    if letter.tag is not None:
        thread = letter.tag.in_message_id(_THREAD, desk.host)
        mail["In-Reply-To"] = mail["References"] = thread
    # RFC 3834 and what Exchange takes for it: no machine is to answer.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Id"] = f"<ticketing.{desk.host}>"
    stop = _stop_link(letter, desk.base_url)
    if stop:
        mail["List-Unsubscribe"] = f"<{stop}>"
    if stop.startswith("https:"):  # RFC 8058, 3.1: by no other way may a mail program do it by itself
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail[LOOP_HEADER] = in_ascii(desk.address)
    text = rendered(letter, desk.base_url)
    links = [_link(letter, desk.base_url), stop, *_verdicts(letter, desk.base_url).values()]
    mail.set_content(text)
    mail.add_alternative(_as_html(text, links), subtype="html")
    return mail


def message_id(letter: Letter, host: str) -> str:
    """Return the Message-ID, by which an answer finds its ticket."""
    key = fingerprint("mail", letter.id)
    return letter.tag.in_message_id(key, host) if letter.tag else f"<{key[:32]}@{host}>"


def rendered(letter: Letter, base_url: str) -> str:
    """Return what the mail says, by the text that admins have written for such mails, or the desk's own."""
    known = {
        "name": _line(letter.name),
        "username": letter.username,
        "by": _line(letter.by),
        "label": f"T-{letter.ticket}" if letter.ticket else "",
        "title": _line(letter.title),
        "status": letter.status,
        "text": printable(letter.text),
        "earlier": printable(letter.earlier),
        "files": [_line(name) for name in letter.files],
        "link": _link(letter, base_url),
        **_verdicts(letter, base_url),
        "tickets": [
            {"label": f"T-{number}", "title": _line(title), "link": _ticket_link(number, base_url)}
            for number, title in letter.tickets
        ],
    }
    stop = _stop_link(letter, base_url)
    end = STOP.format(link=stop) if stop else ""
    return _template(letter.template or TEXTS[letter.kind]).render(known).strip() + end + "\n"


def in_ascii(address: str) -> str:
    """Return an address with its domain as servers know it (RFC 3490); one that there is no such form of as it is."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = in_ascii(address).rpartition("@")
    return Address(_line(name), local, domain)


def _subject(letter: Letter) -> str:
    """Return what stands in the list of mails; a title cannot pass for another tag."""
    if letter.tag is None:
        return SUBJECTS[letter.kind]
    return f"{letter.tag.in_subject()} {_line(letter.title).replace('[T-', '(T-')}"


def _line(text: str) -> str:
    """Return a text as it may stand in a header: of one line, and without what nobody can see."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _link(letter: Letter, base_url: str) -> str:
    if letter.link:
        return f"{base_url}/{letter.link}" if base_url else ""
    return _ticket_link(letter.ticket, base_url) if letter.ticket else base_url


def _ticket_link(number: int, base_url: str) -> str:
    return f"{base_url}/ticket?id={quote(str(number))}" if base_url else ""


def _stop_link(letter: Letter, base_url: str) -> str:
    """Return where the recipient stops watching the ticket, "" where they cannot by a link."""
    return f"{base_url}/watch?t={letter.watch}" if base_url and letter.watch else ""


def _verdicts(letter: Letter, base_url: str) -> dict[str, str]:
    """Return the links by which to say how the ticket was resolved, "" where nobody is asked."""
    page = f"{base_url}/rate?t={letter.rating}&solved=" if base_url and letter.rating else ""
    return {"solved": page and f"{page}yes", "not_solved": page and f"{page}no"}


def _as_html(text: str, links: Iterable[str]) -> str:
    """Return the text as HTML in which nothing is markup; a line's end that is a link of the desk's own leads there."""
    known = sorted(filter(None, links), key=len, reverse=True)
    lines = [[_parted(line, known) for line in part.split("\n")] for part in text.split("\n\n") if part.strip()]
    return _html().render(paragraphs=lines)


def _parted(line: str, links: Iterable[str]) -> tuple[str, str]:
    """Return a line without the link that it ends with, and that link, "" for none."""
    link = next((link for link in links if line.rstrip().endswith(link)), "")
    return line.rstrip().removesuffix(link), link


@lru_cache(maxsize=64)
def _template(text: str) -> Template:
    return _PLAIN.from_string(text)


@lru_cache
def _html() -> Template:
    return _MARKUP.from_string(HTML)
