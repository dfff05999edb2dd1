"""What mails say in the admins' own words: templates that can name what comes with a mail, and no more."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final, Self

from ticketing.domain.definitions import Definition
from ticketing.domain.errors import NameTakenError, TemplateError, UnknownChoiceError
from ticketing.domain.outbox import KINDS_TO_WRITE
from ticketing.domain.text import clean_text

if TYPE_CHECKING:
    from jinja2.nodes import Node

# What a text may name: `solved` and `not_solved` are links by which to say so, `files` are names of attached files, and
# `earlier` is what was said before, quoted, and
# each of `tickets` has a label, a title and a link.
LISTS: Final = ("files", "tickets")
VARIABLES: Final = (
    "name",
    "username",
    "by",
    "label",
    "title",
    "status",
    "text",
    "earlier",
    "link",
    "solved",
    "not_solved",
    *LISTS,
)
OF_A_TICKET: Final = ("label", "title", "link")
LONGEST_TEXT: Final = 5_000
_FIELD: Final = "Text"
_HARMLESS: Final = frozenset({"Output", "TemplateData", "Name", "If", "Not", "And", "Or", "Const"})
_FILTERS: Final = frozenset({"lower", "upper"})
_LONGEST_NAME: Final = 40
_NOTHING_ELSE: Final = "a text holds variables, “{% if %}”, and “{% for %}” over files or tickets, and nothing else."


class MailText(Definition):
    """What mails of one kind say, in the place of the desk's own text."""

    kind: ClassVar[str] = "mail_texts"

    mail: str
    text: str

    def checked(self) -> Self:
        """Return it as it may be kept; raises InvalidInputError, such as for a variable that there is none of."""
        if self.mail not in KINDS_TO_WRITE:
            raise UnknownChoiceError("Mail", self.mail)
        text = clean_text(_FIELD, self.text, LONGEST_TEXT)
        check_mail_text(text)
        return super().checked().model_copy(update={"text": text})

    def require_room(self, others: Iterable[Self]) -> None:
        """Raise NameTakenError if there is one for such mails already."""
        others = list(others)
        if any(one.mail == self.mail for one in others):
            raise NameTakenError(self.name)
        super().require_room(others)


def check_mail_text(text: str) -> None:
    """
    Raise TemplateError for whatever in the text is more than a variable, a condition or a list of what is there.

    What is kept can then be filled in at any time: it ends, it names nothing that may be missing, and it calls nothing.
    """
    # Only who writes such a text waits for it to be loaded.
    from jinja2 import Environment, TemplateSyntaxError  # noqa: PLC0415

    try:
        template = Environment(autoescape=True).parse(text)
    except TemplateSyntaxError as error:
        raise TemplateError(_FIELD, error.lineno, 1, f"{error.message or 'this cannot be read'}.") from None
    _check(template, frozenset())


def _check(node: "Node", within: frozenset[str]) -> None:
    """Check what a node holds; *within* are the names by which lists are gone through here."""
    from jinja2 import nodes  # noqa: PLC0415 - see above

    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Name) and child.ctx == "load" and child.name not in {*VARIABLES, *within}:
            what = f"there is no variable “{child.name[:_LONGEST_NAME]}”. Known are: {', '.join(VARIABLES)}."
            raise TemplateError(_FIELD, child.lineno, 1, what)
        if not _is_harmless(child, within):
            raise TemplateError(_FIELD, child.lineno, 1, _NOTHING_ELSE)
        names = {child.target.name} if isinstance(child, nodes.For) and isinstance(child.target, nodes.Name) else within
        _check(child, frozenset(names))


def _is_harmless(node: "Node", within: frozenset[str]) -> bool:
    """Whether a node takes no more than what it is given, and comes to an end."""
    from jinja2 import nodes  # noqa: PLC0415 - see above

    match node:
        case nodes.Getattr(node=nodes.Name(name=name), attr=attribute):
            return name in within and attribute in OF_A_TICKET
        case nodes.For(target=nodes.Name(), iter=nodes.Name(name=name), recursive=is_recursive):
            return name in LISTS and not within and not is_recursive
        case nodes.Filter(name=name):
            return name in _FILTERS
    return type(node).__name__ in _HARMLESS
