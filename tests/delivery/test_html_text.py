"""Pages as text."""

import pytest

from ticketing.delivery.html_text import text_of

MANY = "<b>" * 10_001


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("Some <b>bold</b>\n   and <i>slanted</i>\ttext", "Some bold and slanted text"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>Three", "One\nTwo\nThree"),
        ("One<br>Two<br><br>Three", "One\nTwo\n\nThree"),
        ("<p class=MsoNormal>One</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>Two</p>", "One\n\nTwo"),
        ("<h2>Title</h2>Text<hr>More", f"Title\n\nText\n{'_' * 32}\nMore"),
        ("Steps:<ol><li>Plug<li>Play</ol>Done", "Steps:\n\n1. Plug\n2. Play\n\nDone"),
        ("<ul><li>One<ol><li>a</li><li>b</li></ol></li><li>Two</li></ul>", "- One\n  1. a\n  2. b\n- Two"),
        ("<li>One", "- One"),
        ("<table><tr><th>Room<th>Line<tr><td>12<td>dead</table>", "Room Line\n12 dead"),
        ("<pre>a\n   b\n\nc</pre>d", "a\n   b\n\nc\n\nd"),
        ("Hi<blockquote>you<blockquote>me</blockquote>there</blockquote>end", "Hi\n> you\n> > me\n> there\nend"),
        ('<a href="https://example.org/a?b=1&amp;c">log</a>', "log (https://example.org/a?b=1&c)"),
        ('<a href="https://example.org/">example.org</a>', "example.org"),
        (
            '<a href="https://evil.example/example.org">example.org</a>',
            "example.org (https://evil.example/example.org)",
        ),
        ('<a href="https://www.example.org">http://Example.org/</a>', "http://Example.org/"),
        ('<a href="mailto:it@example.org">Write</a>', "Write (it@example.org)"),
        ('<a href="mailto:it@example.org">IT@example.org</a>', "IT@example.org"),
        (
            '<a href="javascript:steal()">click</a>, <a href="/here">here</a>, <a name="x">there</a>',
            "click, here, there",
        ),
        ('<a href="https://example.org"><img src="https://example.org/logo.png"></a>', ""),
        ('See <img src="cid:1" alt="the &quot;screen&quot;"> and <img src="cid:2">', 'See [the "screen"] and [image]'),
        ("&lt;b&gt; &amp;lt; 5 &euro; &#x1F600; &nosuch;", "<b> &lt; 5 € 😀 &nosuch;"),
        ("<style>p {}</style><script>steal()</script><title>No</title><!-- no -->Yes", "Yes"),
        ("a < b > c <3", "a < b > c <3"),
        ("", ""),
    ],
)
def test_a_page_is_read_as_a_person_would(page: str, text: str) -> None:
    assert text_of(page) == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<!DOCTYPE html>One<br>Two", "One\nTwo"),
        ("<STYLE>p > b {}</STYLE><script>if (1 < 2) steal('</b>')</script>Yes", "Yes"),
        ('<a href="https://example.org/a">log</a>', "log (https://example.org/a)"),
        ('<a href="javascript:steal()">click</a>', "click"),
        ("<blockquote>you</blockquote>end", "> you\nend"),
        ("</blockquote></pre></ul></a>text", "text"),
        ("<td>a<li>b", "a\n- b"),
        ("a < b", "a < b"),
    ],
)
def test_a_page_of_too_many_tags_is_read_as_well(page: str, text: str) -> None:
    assert text_of(page + MANY) == text


def test_quotes_and_lists_are_marked_to_a_depth() -> None:
    assert text_of("<blockquote>" * 3000 + "deep") == "> " * 10 + "deep"
    assert text_of("<ul>" * 3000 + "<li>deep") == "  " * 10 + "- deep"
