"""Terms: where they stand in a typed query, and how clicks put others in their place."""

import pytest

from ticketing.domain.errors import QueryError
from ticketing.domain.query_terms import MOST_TERMS, MOST_VALUES, terms_in, with_term


def shown(text: str) -> list[tuple[str, ...]]:
    return [
        ("-" * term.negated + term.field + term.comparison, *(value.text for value in term.values))
        for term in terms_in(text)
    ]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        (" \t\n ", []),
        ("dial tone", [("", "dial"), ("", "tone")]),
        ('"dial  tone"', [("", "dial  tone")]),
        ("“dial tone” „Ton“ „tone”", [("", "dial tone"), ("", "Ton"), ("", "tone")]),
        ('"say ""hi"""', [("", 'say "hi"')]),
        ('5"-disk say"hi"', [("", '5"-disk'), ("", 'say"hi"')]),
        ("status:open", [("status", "open")]),
        ("STATUS:Open", [("status", "Open")]),
        ("status:open,pending x", [("status", "open", "pending"), ("", "x")]),
        ('tag:"home office","a,b",c', [("tag", "home office", "a,b", "c")]),
        ("priority>=high", [("priority>=", "high")]),
        ("priority:>=high", [("priority>=", "high")]),
        ("created:<7d", [("created<", "7d")]),
        ("-tag:spam", [("-tag", "spam")]),
        ('-spam -"no tone"', [("-", "spam"), ("-", "no tone")]),
        ("- -", [("", "-"), ("", "-")]),
        ("--x", [("-", "-x")]),
        ("field.serial:123", [("field.serial", "123")]),
        ("https://desk.example/x?a=1", [("", "https://desk.example/x?a=1")]),
        ("12:30 <b> :) a@b.c", [("", "12:30"), ("", "<b>"), ("", ":)"), ("", "a@b.c")]),
        ('"a""b"c', [("", 'a"b'), ("", "c")]),
    ],
)
def test_terms_are_words_phrases_and_fields_with_values(text: str, terms: list[tuple[str, ...]]) -> None:
    assert shown(text) == terms


def test_a_term_and_its_values_say_where_they_stand() -> None:
    text = '  -tag:a,"b c"  x'

    first, second = terms_in(text)

    assert text[first.start : first.end] == '-tag:a,"b c"'
    assert [text[value.start : value.end] for value in first.values] == ["a", '"b c"']
    assert text[second.start : second.end] == "x"


@pytest.mark.parametrize(
    ("text", "sentence", "start", "end"),
    [
        ("status:", r"A value is missing \(at character 8\)\. Write one", 7, 7),
        ("status: open", r"A value is missing \(at character 8\)", 7, 7),
        ("status:open,", r"A value is missing \(at character 13\)", 12, 12),
        ("status:,open", r"A value is missing \(at character 8\)", 7, 7),
        ('say "hi', r"A quotation mark is not closed \(at character 5\)", 4, 7),
        ("“hi", r"A quotation mark is not closed \(at character 1\)", 0, 3),
        ('tag:"', r"A quotation mark is not closed \(at character 5\)", 4, 5),
        ('a ""', r"nothing between the quotation marks \(at character 3\)", 2, 4),
        ("a\0b", r"unprintable character \(at character 2\)", 1, 2),
        ("a \ud800", r"unprintable character \(at character 3\)", 2, 3),
        ("x" * 501, r"has 501 characters; at most 500 fit \(at character 501\)", 500, 501),
        ("x " * (MOST_TERMS + 1), rf"at most {MOST_TERMS} terms \(at character 61\)", 60, 62),
        ("tag:" + "a," * MOST_VALUES + "a", rf"at most {MOST_VALUES} values \(at character 105\)", 104, 105),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place(text: str, sentence: str, start: int, end: int) -> None:
    with pytest.raises(QueryError, match=sentence) as refusal:
        terms_in(text)

    assert (refusal.value.start, refusal.value.end) == (start, end)


@pytest.mark.parametrize(
    ("text", "field", "values", "result"),
    [
        ("", "status", ["open"], "status:open"),
        ("dial  tone", "status", ["open"], "dial  tone status:open"),
        ("status:open tone", "status", ["pending", "closed"], "status:pending,closed tone"),
        ("tone status:open x", "status", [], "tone x"),
        ("status:open a status:closed  b", "status", ["pending"], "status:pending a b"),
        ("-status:open", "status", ["pending"], "-status:open status:pending"),
        ("a", "tag", ["home office", 'x"y', "a,b", ""], 'a tag:"home office",x"y,"a,b",""'),
        ("a", "tag", ['"x'], 'a tag:"""x"'),
        ("sort:created x", "sort", ["-created"], "sort:-created x"),
        ("a", "status", [], "a"),
    ],
)
def test_a_click_puts_the_values_of_one_field_into_a_query_and_leaves_the_rest_as_typed(
    text: str, field: str, values: list[str], result: str
) -> None:
    assert with_term(text, field, values) == result
