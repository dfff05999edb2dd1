"""
Bytes of mails as text, whatever their senders say of them.

What a mail declares is a hint: programs lie (windows-1252 as ISO 8859-1), say nothing, or name what nobody knows. As in
browsers (WHATWG Encoding Standard, 4.2), a declared set of characters is read as the larger one that is really meant.
"""

import codecs
import re
from typing import Final

_LARGER: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso2022_jp": "iso2022_jp_ext",
}
_OTHER_NAMES: Final = {
    "windows-31j": "cp932",
    "gb_2312-80": "gb18030",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
}
# Python has codecs for much that is no text or takes its time (idna); utf-7 hides what stands in a text.
_KNOWN: Final = re.compile(
    r"utf-(?:8|16|32)(?:-(?:sig|le|be))?|ascii|iso8859-\d+|cp\d+|koi8-[rtu]|mac-[a-z]+|tis-620|johab|hz|gb2312|gbk|"
    r"gb18030|big5|big5hkscs|shift_jis\w*|euc_\w+|iso2022_\w+"
)
_NAME: Final = re.compile(r"[a-z0-9._:-]{1,40}")
_JAPANESE: Final = b"\x1b$"
_ASCII: Final = re.compile(r"[\x00-\x7f]+")


def decoded(content: bytes, declared: str = "") -> str:
    """Return bytes as text: as declared where that can be, else as UTF-8 if they are, else as Western letters."""
    charset = _codec(declared.lower().removeprefix("x-"))
    if charset in {"utf-16", "utf-32"} and b"\0" not in content:
        charset = ""  # a page was saved so; the mail that it became is not
    if not charset and _JAPANESE in content:
        charset = _LARGER["iso2022_jp"]
    if charset in {"", "utf-8", "utf-8-sig", "cp1252"}:  # so says as well who doesn't know
        return _utf_8_or_western(content)
    return content.decode(charset, "replace")


def _codec(declared: str) -> str:
    """Return the codec that is meant by a name, "" if it names no set of characters."""
    name = _OTHER_NAMES.get(declared, declared)
    try:
        name = codecs.lookup(name).name if _NAME.fullmatch(name) else ""
    except LookupError:
        return ""
    return _LARGER.get(name, name) if _KNOWN.fullmatch(name) else ""


def _utf_8_or_western(content: bytes) -> str:
    """Read as UTF-8, even where some of it is damaged, unless most of what is beyond ASCII makes no sense so."""
    text = content.decode("utf-8-sig", "replace")
    senseless = text.count("\N{REPLACEMENT CHARACTER}")
    beyond = len(_ASCII.sub("", text)) if senseless else 0
    return content.decode("cp1252", "replace") if senseless * 2 > beyond else text
