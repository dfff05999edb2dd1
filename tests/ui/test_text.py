"""What somebody typed reaches the screen as text, whatever it is."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.ui.text import displayable, plain, to_html

ATTRIBUTES = {
    "div": {"dir", "style"},
    "p": set(),
    "br": set(),
    "strong": set(),
    "em": set(),
    "code": {"style"},
    "pre": {"style"},
    "ul": set(),
    "ol": {"start"},
    "li": set(),
    "a": {"href", "target", "rel", "style"},
}
STYLES = {"overflow-wrap:anywhere", "white-space:pre-wrap", "color:inherit;text-decoration:underline"}
CODE_STYLE = re.compile(r"background:rgba\(128,128,128,\.14\);border-radius:\.3em;font-size:\.9em;[a-z0-9.:; -]+")
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![pixel](http://evil.example/p.png)",
    "![pixel][1]\n\n[1]: http://evil.example/p.png",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](//evil.example)",
    "[click](/session)",
    '[click](http://x.example/"onmouseover="alert(1))',
    "<javascript:alert(1)>",
    "<http://x.example/?a=<script>>",
    "```html\n<b>bold</b>\n```",
    '``` "onload=alert(1)\nx\n```',
    "# heading\n\n| a | b |\n|---|---|\n| c | d |",
    ":red[red] :material/home: :smile: $x^2$ <style>*{display:none}</style>",
    "http://x.example/'onmouseover='alert(1)",
    "\u202egnp.exe \x00\x1b[31m \ud800 \u2066",
    "</div></div><iframe src=//evil.example>",
    "&lt;b&gt; &#60;script&#62;",
    "- a\n  - b\n    - c\n" * 40,
    "**a** " * 5000,
    "[" * 20000,
    "*_`" * 6000,
]


class Reader(HTMLParser):
    """Collects tags, attributes and text as a browser would read them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data

    def handle_comment(self, data: str) -> None:
        """Fail: nothing typed becomes a comment."""
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        """Fail: nothing typed becomes a declaration."""
        raise AssertionError(decl)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(to_html(text))
    reader.close()
    return reader


def assert_harmless(text: str) -> None:
    for tag, attributes in read(text).found:
        assert tag in ATTRIBUTES
        assert set(attributes) <= ATTRIBUTES[tag]
        style = attributes.get("style")
        assert style is None or style in STYLES or CODE_STYLE.fullmatch(style)
        if tag == "a":
            assert re.match(r"(https?://|mailto:)", str(attributes["href"]), re.IGNORECASE)
            assert attributes["rel"] == "noopener noreferrer nofollow"
            assert attributes["target"] == "_blank"
        assert str(attributes.get("start", "1")).isdigit()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_o3_a_hostile_message_becomes_nothing_but_harmless_tags(text: str) -> None:
    assert_harmless(text)


@given(
    st.text(alphabet=st.sampled_from("ab<>[]()!*_`~#&;:/\\\"'=-1. \n\t@$|{}\u202e\x00") | st.characters(), max_size=200)
)
def test_o3_no_message_at_all_becomes_anything_else(text: str) -> None:
    assert_harmless(text)
    to_html(text).encode("utf-8")


@given(st.lists(st.sampled_from(HOSTILE[:20]), max_size=6).map(" ".join))
def test_o3_hostile_parts_do_not_add_up(text: str) -> None:
    assert_harmless(text)


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("**bold** and *italic*", "<strong>bold</strong> and <em>italic</em>"),
        ("one\ntwo", "one<br>\ntwo"),
        ("- a\n- b", "<li>a</li>"),
        ("3. c", '<ol start="3">'),
        ("`ls -l`", ">ls -l</code>"),
        ("[docs](https://docs.example)", '<a href="https://docs.example"'),
        ("<https://docs.example>", '<a href="https://docs.example"'),
        ("see https://docs.example/a, please", '<a href="https://docs.example/a"'),
        ("<mailto:ada@desk.example>", '<a href="mailto:ada@desk.example"'),
    ],
)
def test_a_message_keeps_its_plain_formatting(typed: str, html: str) -> None:
    assert html in to_html(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "# heading",
        "| a | b |",
        "![x](y.png)",
        "<b>bold</b>",
        "[js](javascript:alert(1))",
        "> quoted",
        "$5 and $6",
        ":smile:",
    ],
)
def test_everything_else_reads_as_it_was_typed(typed: str) -> None:
    assert read(typed).text.strip() == typed


def test_code_keeps_its_indentation_and_its_angle_brackets() -> None:
    assert "if a &lt; b:\n    stop()" in to_html("```python\nif a < b:\n    stop()\n```")


def test_a_text_full_of_marks_is_a_log_and_shown_as_typed() -> None:
    log = "[error] *** a_b_c\n" * 300

    assert read(log).text.strip() == log.strip()


def test_o1_directions_and_controls_do_not_survive() -> None:
    assert read("report\u202egnp.exe\x1b[31m").text.strip() == "reportgnp.exe[31m"
    assert plain("report\u202egnp\x00") == "reportgnp"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20000,
        "*a " * 6666,
        "`a" * 10000,
        "**_" * 6666,
        "- a\n" * 5000,
        "http://a." * 2200,
        "http://" + "." * 19000,
        "![" * 10000,
    ],
    ids=["brackets", "stars", "ticks", "mixed", "list", "links", "dots", "images"],
)
def test_no_text_takes_much_longer_to_draw_than_prose_of_its_length(text: str) -> None:
    prose = "The line is dead since this morning, please help. " * 400

    assert drawing_time(text) < 40 * drawing_time(prose)  # one that goes wrong with the square takes thousands


def drawing_time(text: str) -> float:
    """Return the CPU seconds that the longest message of such text takes; the best of three, each drawn anew."""
    spent = []
    for _ in range(3):
        to_html.cache_clear()
        begun = time.thread_time()
        to_html(text[:20_000])
        spent.append(time.thread_time() - begun)
    return min(spent)


@pytest.mark.parametrize(
    "typed",
    [
        "![x](http://evil.example/p.png)",
        "**bold** _it_ `code` :red[red] :material/home: :smile: $x^2$",
        "# heading",
        "- list",
        "1. one",
        "[l](javascript:alert(1)) <b>html</b> &amp;",
        "[^1] ~~strike~~ | a | b",
        "trailing \\",
    ],
)
def test_o1_a_label_is_escaped_letter_by_letter(typed: str) -> None:
    escaped = plain(typed)

    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped).replace("\u2060", "") == typed


def test_a_label_is_one_line() -> None:
    assert plain("one\n\n# two\r\n\tthree") == r"one \# two three"


@pytest.mark.parametrize(
    "typed", ["http://evil.example", "www.evil.example", "me@evil.example", "a -> b", ":streamlit:"]
)
def test_what_streamlit_replaces_despite_escapes_is_held_apart(typed: str) -> None:
    assert "\u2060" in plain(typed)


@given(st.text(max_size=100))
def test_every_mark_in_a_label_is_escaped(text: str) -> None:
    escaped = plain(text)

    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped)
    assert not re.search(r"[!-/:-@\[-`{-~]", bare)
    assert "\n" not in escaped


def test_what_must_not_be_shown_is_taken_out_of_a_text_that_holds_nothing_else_of_the_kind() -> None:
    signs = [chr(code) for code in range(0x11000)]

    assert [sign for sign in signs if displayable(sign) != displayable(f"{sign}\t").removesuffix("\t")] == []
