"""Variables in texts: what is one, what is refused, and that filling them in never fails."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timing import cpu_seconds
from ticketing.domain.errors import TemplateError, UnknownVariableError
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.templates import VARIABLES, Subject, check_template, filled_in
from ticketing.domain.text import TEXT_LIMIT
from ticketing.domain.tickets import Ticket

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def subject(*, requester: str = "Carla Ruiz", agent: str = "Ada Byron", title: str = "No dial tone") -> Subject:
    """Return what a text may be about."""
    ticket = Ticket.open(12, "carla", title, "The line is dead.", TicketCategory.NETWORK, NOON)
    ticket.status = Status.ON_HOLD
    return Subject(ticket, requester, agent, date(2026, 3, 2), "Networks & more")


# Texts in which braces, names and parts of both are likely.
PARTS = st.sampled_from([*VARIABLES, "{{", "}}", "{", "}", "{%", "%}", " ", "\n", ".", "|", "requester", "é", "\x00"])
TEXTS = st.one_of(st.text(), st.lists(PARTS).map("".join))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("requester.name", "Carla Ruiz"),
        ("requester.username", "carla"),
        ("agent.name", "Ada Byron"),
        ("ticket.label", "T-12"),
        ("ticket.title", "No dial tone"),
        ("ticket.status", "on hold"),
        ("ticket.category", "Networks & more"),
        ("today", "2 March 2026"),
    ],
)
def test_each_variable_stands_for_something_of_the_ticket(variable: str, value: str) -> None:
    text = f"<{{{{ {variable} }}}}> <{{{{{variable}}}}}>"

    check_template("Text", text)

    assert filled_in(text, subject()) == f"<{value}> <{value}>"


def test_no_variable_goes_without_a_test() -> None:
    assert len(VARIABLES) == 8


@pytest.mark.parametrize(
    "text",
    ["", "Hello.", "a { b } c", "if (x) { y() }", '{"a": {"b": 1}}', "100 % {sure}", "}} and %}", "{{\n today\n}}"],
)
def test_braces_that_open_no_variable_are_text(text: str) -> None:
    check_template("Text", text)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("requestr.name", "requester.name"),
        ("Requester.Name", "requester.name"),
        ("ticket.titel", "ticket.title"),
        ("todays", "today"),
    ],
)
def test_a_variable_that_there_is_none_of_is_refused_with_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(UnknownVariableError) as refusal:
        check_template("Text", f"Hello {{{{ {name} }}}}")

    assert str(refusal.value) == f"Line 1, column 7: there is no variable “{name}”. Did you mean “{meant}”?"
    assert refusal.value.field == "Text"


@pytest.mark.parametrize("name", ["password", "ticket.__class__", "requester.name.__class__.mro", "x" * 10_000])
def test_a_variable_that_is_like_none_is_refused_without_a_guess(name: str) -> None:
    with pytest.raises(UnknownVariableError, match="there is no variable “") as refusal:
        check_template("Text", f"{{{{ {name} }}}}")

    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "   ",
        "requester.name | upper",
        "requester.name()",
        "requester['name']",
        "requester.name + agent.name",
        "requester. name",
        "requester.name; agent.name",
        "'text'",
        "7 * 7.",
        "{{ requester.name",
        "requester.na\u200bme",
        "- requester.name -",
    ],
)
def test_between_braces_stands_a_name_and_nothing_else(inside: str) -> None:
    with pytest.raises(TemplateError, match="stands the name of a variable and nothing else"):
        check_template("Text", f"{{{{{inside}}}}}")


@pytest.mark.parametrize("text", ["{% if x %}yes{% endif %}", "{%- for a in b %}", "{{ today }} {%"])
def test_blocks_are_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="there are no blocks"):
        check_template("Text", text)


@pytest.mark.parametrize("text", ["{{", "{{ requester.name", "{{ requester.name }", "{{ today }} and {{ today } }"])
def test_braces_that_are_not_closed_are_refused(text: str) -> None:
    with pytest.raises(TemplateError, match=r"“\{\{” has no “\}\}” after it"):
        check_template("Text", text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{{ x }}", "Line 1, column 1:"),
        ("Hello {{ x }}", "Line 1, column 7:"),
        ("One\n\n  {{ x }}", "Line 3, column 3:"),
        ("{{ today }}\n{{ today }} {% x %}", "Line 2, column 13:"),
    ],
)
def test_a_refusal_says_where(text: str, place: str) -> None:
    with pytest.raises(TemplateError, match=f"^{place}"):
        check_template("Text", text)


def test_what_was_filled_in_is_not_read_again() -> None:
    tricky = subject(requester="{{ agent.name }}", agent="{% raw %}", title="{{ ticket.label }} \\1 \\g<0>")

    said = filled_in("{{ requester.name }} {{ agent.name }} {{ ticket.title }}", tricky)

    assert said == "{{ agent.name }} {% raw %} {{ ticket.label }} \\1 \\g<0>"


def test_values_that_meet_do_not_make_a_variable() -> None:
    assert filled_in("{{{ today }}}", subject()) == "{2 March 2026}"
    assert filled_in("{{{requester.name}}today }}", subject(requester="{ ")) == "{{ today }}"


@given(TEXTS)
def test_filling_in_never_fails_and_leaves_what_is_no_variable_alone(text: str) -> None:
    said = filled_in(text, subject())

    assert said == text or any(name in text for name in VARIABLES)


@given(TEXTS)
def test_what_is_kept_has_no_open_braces_left_when_it_is_filled_in(text: str) -> None:
    try:
        check_template("Text", text)
    except TemplateError:
        assert "{{" in text or "{%" in text
    else:
        assert "{{" not in filled_in(text, subject())
        assert "{%" not in filled_in(text, subject())


@given(st.text(), st.text(), st.text())
def test_whatever_people_are_called_stands_in_the_text_as_it_is(requester: str, agent: str, title: str) -> None:
    someone = subject(requester=requester, agent=agent)
    someone.ticket.title = title

    said = filled_in("{{ requester.name }}|{{ agent.name }}|{{ ticket.title }}", someone)

    assert said == f"{requester}|{agent}|{title}"


@pytest.mark.parametrize("part", ["{{ ", "{{", " ", "{{ today", "{{ today }} ", "{", "{{ requester."])
def test_a_text_of_full_length_is_read_in_no_time(part: str) -> None:
    text = (part * TEXT_LIMIT)[:TEXT_LIMIT]

    with cpu_seconds(1):
        try:
            check_template("Text", text)
        except TemplateError:
            filled_in(text, subject())
