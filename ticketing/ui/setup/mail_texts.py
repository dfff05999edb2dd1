"""Texts of mails: what the desk writes to people, in the admins' own words."""

import streamlit as st

from ticketing.domain.mail_tags import Tag
from ticketing.domain.mail_texts import VARIABLES, MailText
from ticketing.domain.notifications import NoticeKind
from ticketing.domain.outbox import KINDS_TO_WRITE, Letter
from ticketing.domain.people import Actor
from ticketing.ui.feedback import shown_errors
from ticketing.ui.session import desk
from ticketing.ui.setup.editor import Editor
from ticketing.ui.wording import t

_EXAMPLE = 1042


def _summary(_actor: Actor, text: MailText) -> str:
    return text.text.partition("\n")[0]


def _fields(_actor: Actor, text: MailText | None) -> MailText:
    text = text or MailText(name="", mail=NoticeKind.REPLIED, text=_own_text(NoticeKind.REPLIED))
    mail = st.selectbox(
        t("setup.mail_texts.mail"),
        list(KINDS_TO_WRITE),
        list(KINDS_TO_WRITE).index(text.mail) if text.mail in KINDS_TO_WRITE else None,
        format_func=lambda kind: t(f"mail.kind_{kind}"),
        key="mail_text_mail",
    )
    typed = st.text_area(t("setup.mail_texts.text"), value=text.text, height=240, key="mail_text_text")
    st.caption(t("setup.mail_texts.variables", names=", ".join(VARIABLES)))
    chosen = mail or text.mail
    return text.model_copy(update={"name": t(f"mail.kind_{chosen}"), "mail": chosen, "text": typed})


def _preview(_actor: Actor, text: MailText) -> None:
    """Draw the mail as it would be for an example, or say why the text cannot be kept."""
    from ticketing.delivery.mails import rendered  # noqa: PLC0415 - slow to import, and nobody else needs it here

    with shown_errors():
        checked = text.checked()
        letter = _example()._replace(kind=checked.mail, template=checked.text)
        st.caption(t("setup.mail_texts.example"))
        st.code(rendered(letter, desk().settings.base_url or ""), language=None, wrap_lines=True)


def _own_text(kind: str) -> str:
    from ticketing.delivery.texts import TEXTS  # noqa: PLC0415 - as above

    return TEXTS[kind]


def _example() -> Letter:
    """Return what nobody is ever told."""
    return Letter(
        id="example",
        kind=NoticeKind.REPLIED,
        address="",
        username="carla",
        name=t("setup.canned_replies.example_name"),
        by=t("setup.mail_texts.example_by"),
        at=desk().clock(),
        ticket=_EXAMPLE,
        title=t("setup.canned_replies.example_title"),
        status=t("status.open"),
        text=t("setup.mail_texts.example_text"),
        earlier=t("setup.mail_texts.example_earlier"),
        files=(t("setup.mail_texts.example_file"),),
        tag=Tag(_EXAMPLE, ""),
        tickets=((_EXAMPLE, t("setup.canned_replies.example_title")),),
    )


EDITOR = Editor(MailText, "mail", _summary, _fields, _preview)
