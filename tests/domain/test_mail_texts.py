"""Texts of mails in the admins' own words: what can be kept can be filled in, always, and does nothing else."""

import pytest

from ticketing.delivery.texts import TEXTS
from ticketing.domain.errors import NameTakenError, TemplateError, TooLongError, UnknownChoiceError
from ticketing.domain.mail_texts import LONGEST_TEXT, MailText, check_mail_text
from ticketing.domain.outbox import KINDS_TO_WRITE, LINKS


@pytest.mark.parametrize("kind", KINDS_TO_WRITE)
def test_the_desks_own_texts_could_have_been_written_by_admins(kind: str) -> None:
    assert MailText(name="Ours", mail=kind, text=TEXTS[kind]).checked().text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Dear {{ nmae }}", "there is no variable “nmae”"),
        ("{{ name.__class__ }}", "and nothing else"),
        ("{{ name[0] }}", "and nothing else"),
        ("{{ name | replace('a', 'b') }}", "and nothing else"),
        ("{{ 'a' * 1000000000 }}", "and nothing else"),
        ("{{ range(10) }}", "and nothing else"),
        ("{% for x in range(1000000000) %}x{% endfor %}", "and nothing else"),
        ("{% for a in files %}{% for b in files %}x{% endfor %}{% endfor %}", "and nothing else"),
        ("{% for a in tickets recursive %}x{% endfor %}", "and nothing else"),
        ("{% for a in tickets %}{{ a.__class__ }}{% endfor %}", "and nothing else"),
        ("{% for a in tickets %}x{% endfor %}{{ a.title }}", "and nothing else"),
        ("{% include 'secrets' %}", "and nothing else"),
        ("{% set x = name %}{{ x }}", "and nothing else"),
        ("{% macro m() %}{% endmacro %}", "and nothing else"),
        ("Hello\n{{ name", "Line 2"),
        ("{% if name %}Hello", "Line 1"),
    ],
)
def test_what_is_more_than_a_text_with_variables_is_refused_with_its_line(text: str, what: str) -> None:
    with pytest.raises(TemplateError) as refused:
        check_mail_text(text)

    assert what in str(refused.value)


def test_a_text_is_for_a_kind_of_mail_and_no_longer_than_a_mail_wants_to_be() -> None:
    with pytest.raises(UnknownChoiceError):
        MailText(name="Ours", mail="postcard", text="Hello").checked()
    with pytest.raises(TooLongError):
        MailText(name="Ours", mail="replied", text="x" * (LONGEST_TEXT + 1)).checked()


@pytest.mark.parametrize("kind", LINKS)
def test_nobody_writes_anew_what_a_mail_says_that_is_of_use_by_its_link_alone(kind: str) -> None:
    with pytest.raises(UnknownChoiceError):
        MailText(name="Ours", mail=kind, text="Hello").checked()


def test_there_is_one_text_for_each_kind_of_mail() -> None:
    first = MailText(id="a", name="Replies", mail="replied", text="Hello")

    MailText(name="Notes", mail="noted", text="Hello").require_room([first])
    with pytest.raises(NameTakenError):
        MailText(name="Answers", mail="replied", text="Hello").require_room([first])
