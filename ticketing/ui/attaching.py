"""What one attaches: how much of it may be, and which files a form of Streamlit's is sent with."""

from dataclasses import dataclass
from typing import Any, Final

from ticketing.components import has_address
from ticketing.domain.attachments import FILES_PER_MESSAGE
from ticketing.domain.errors import RefusedError
from ticketing.ui.packing import component, packed
from ticketing.ui.session import desk
from ticketing.ui.wording import t

_LONGEST_ID: Final = 64
_MOST_IDS: Final = 2 * FILES_PER_MESSAGE
_mount = component("new_files")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The files that were chosen in a form."""

    arrived: tuple[str, ...] = ()
    is_waiting: bool = False

    def ids(self) -> tuple[str, ...]:
        """Return what is to be attached; raises RefusedError while a file is still on its way."""
        if self.is_waiting:
            raise RefusedError(t("files.on_their_way"))
        return self.arrived


def limits() -> dict[str, object] | None:
    """Return what the browser has to know to take files; None where the desk has no address for them."""
    if not has_address():
        return None
    largest = desk().attachments.largest
    words = {
        "attach": t("files.attach"),
        "files": t("files.chosen"),
        "notSent": t("files.not_sent"),
        "paste": t("files.paste"),
        "remove": t("files.remove"),
        "sending": t("files.sending"),
        "tooLarge": t("files.too_large", name="{name}", limit=largest >> 20),
        "tooMany": t("files.too_many", limit=FILES_PER_MESSAGE),
    }
    return {"largest": largest, "most": FILES_PER_MESSAGE, "words": words}


def choose_files(name: str) -> Chosen:
    """Let files be chosen in a form of Streamlit's, whose draft has this name; they belong to no other draft."""
    known = limits()
    if known is None:
        return Chosen()
    result = _mount(key="new_files", data=packed({"name": name, "limits": known}), on_chosen_change=_noted)
    match getattr(result, "chosen", None):
        case [chosen_for, files, bool(is_waiting)] if chosen_for == name and are_ids([files]):
            return Chosen(tuple(files), is_waiting)
    return Chosen()


def are_ids(rest: list[Any]) -> bool:
    """Whether the end of a message is a list of files, or nothing, as a page of before has it."""
    match rest:
        case []:
            return True
        case [list(ids)]:
            return len(ids) <= _MOST_IDS and all(isinstance(one, str) and len(one) <= _LONGEST_ID for one in ids)
    return False


def ids_in(rest: list[Any]) -> tuple[str, ...]:
    """Return the files that a message ends with."""
    return tuple(rest[0]) if rest else ()


def _noted() -> None:
    """Declare that files may come back; they are looked at when the form is sent."""
