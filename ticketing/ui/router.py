"""The script Streamlit runs at every click of every visitor: who is here, which pages there are, then the page."""

import re
from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.pages_manager import PagesManager

from ticketing import ui
from ticketing.domain.people import Actor
from ticketing.ui import session
from ticketing.ui.arrival import is_signing_in, keep_to_one_sign_in
from ticketing.ui.deeds import Deeds
from ticketing.ui.feedback import show_failure
from ticketing.ui.front import announce, dress
from ticketing.ui.handing_over import note_what_was_shown, take_away_what_was_shown
from ticketing.ui.memory import Runs, end_if_cut_short, recall
from ticketing.ui.pages import AT_THE_ROOT, BY_NAME, DOCTOR, LOGIN, PAGES, Page, stand_in
from ticketing.ui.pictures import picture
from ticketing.ui.sidebar import sidebar
from ticketing.ui.undoing import LastDeed
from ticketing.ui.viewing import tell_of_view
from ticketing.ui.wording import t

_RUNS_THAT_TELL = 2


def _hidden(name: str, actor: Actor | None) -> StreamlitPage:
    """Return a page in the place of one that isn't there for this visitor."""
    stub = session.show_login if actor is None else session.not_found
    if actor is not None and (actor.is_half_in or name == LOGIN):
        stub = session.go_home
    return stand_in(stub, name)


def _registered(page: Page, actor: Actor | None) -> StreamlitPage:
    return page.registered(actor) if page.is_for(actor) else _hidden(page.name, actor)


def _unknown_name() -> str | None:
    """Return the name in the address if no page has it: it gets the same words as a page that isn't for the visitor."""
    url = st.context.url
    name = urlsplit(url).path.rpartition("/")[2] if isinstance(url, str) else ""
    return name if re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", name) and name not in BY_NAME else None


def _navigation(actor: Actor | None) -> StreamlitPage:
    pages = [stand_in(session.go_home, AT_THE_ROOT)]
    pages += [_registered(page, actor) for page in PAGES]
    if unknown := _unknown_name():
        pages.append(_hidden(unknown, actor))
    return st.navigation(pages, position="hidden" if actor is None else "sidebar")


def _configure_page() -> None:
    """
    Give the tab its icon and its width, which the browser then keeps.

    It is told twice, since what a run has sent is dropped when the next one begins at once.
    """
    if recall(Runs).whole < _RUNS_THAT_TELL:
        st.set_page_config(page_icon=picture("icon.png"), layout="wide")


def main() -> None:
    """Run the page asked for."""
    PagesManager.uses_pages_directory = False
    _configure_page()
    if globals().get("WITHOUT_ROUTES"):
        session.note_missing_routes()
    if not session.is_served():
        st.error(t("demo.elsewhere"), icon=":material/block:")
        st.stop()
    session.desk().figures.runs.add()
    deeds = recall(Deeds)
    done = deeds.of_other_runs()  # waited for before anything is read, so that the page shows it
    with session.desk().one_view():
        _show_page()
    if deeds.of_other_runs() != done:  # and what came in between is not told as done beside what was before it
        st.rerun()
    end_if_cut_short()  # what such a run drew may have reached nobody, and does not count as seen
    ui.flash_is_over()
    note_what_was_shown()
    recall(Runs).whole += 1


def _show_page() -> None:
    actor = session.visitor()
    keep_to_one_sign_in(actor)
    look = session.desk().front.look(actor) if actor else session.desk().front.outside()
    page = _navigation(actor)
    dress(look.branding, page.title)
    place = f"{page.url_path}?{urlencode(st.query_params.to_dict())}"
    take_away_what_was_shown(place)
    recall(LastDeed).arrive(place)
    if actor is not None:
        sidebar(actor, page.url_path)
    if session.desk().settings.demo:
        st.info(t("demo.banner"), icon=":material/science:")
    if actor is not None:
        tell_of_view(actor)
    announce(actor, look)
    if actor is not None and page.url_path != DOCTOR:
        ui.warn_of_throw_away(actor)
    ui.flash(place)
    if actor is None and is_signing_in():
        st.stop()
    page.run()


def _run() -> None:
    """Run the page, and answer what no page answered on a host that knows nothing of `on_script_error`."""
    try:
        main()
    except Exception as error:
        if not globals().get("WITHOUT_ROUTES"):
            raise
        show_failure(error)


_run()
