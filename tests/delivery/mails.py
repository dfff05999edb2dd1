"""The corpus: mails written for these tests, each with what is expected of it."""

import json
from pathlib import Path
from typing import Any, Final

from ticketing.domain.incoming import DeskMail, Incoming
from ticketing.domain.mail_tags import tags_in

CORPUS: Final = Path(__file__).parent / "corpus"
MAILS: Final = {path.stem: path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))}
EXPECTED: Final[dict[str, dict[str, Any]]] = json.loads((CORPUS / "expected.json").read_text("utf-8"))
DESK: Final = DeskMail(addresses=frozenset({"help@desk.example"}), host="desk.example", trusts="mx.desk.example")


def shown(mail: Incoming) -> dict[str, Any]:
    """Write down what was read as it stands in the table of what is expected."""
    return {
        "sender": mail.sender,
        "sender_name": mail.sender_name,
        "recipients": list(mail.recipients),
        "subject": mail.subject,
        "text": mail.text,
        "references": list(mail.references),
        "at": mail.at and mail.at.isoformat(),
        "files": [file.name for file in mail.files],
        "automatic": mail.automatic,
        "failures": [list(failure[:2]) for failure in mail.bounce.failures] if mail.bounce else [],
        "returned": mail.bounce.message_id if mail.bounce else "",
        "authenticated": mail.authenticated,
        "tags": [f"T-{tag.number}#{tag.signature}" for tag in tags_in(mail.subject, mail.references)],
        "problem": mail.problem,
    }
