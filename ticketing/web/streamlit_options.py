"""What of Streamlit has to stay shut, however the desk is started: options that `.streamlit/config.toml` sets."""

import logging
from typing import Any, Final

import streamlit as st

from ticketing.domain.errors import SettingsError

log = logging.getLogger(__name__)

# What the guard sees to by itself, such as origins, is left out: a host may have a say in that.
_SHUT: Final[dict[str, Any]] = {
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "client.showErrorDetails": "none",
    "client.disableDataExport": True,
}


def check_options(*, is_public: bool) -> None:
    """See that the process runs with them; a desk that is public raises SettingsError, another one is warned."""
    opened = [name for name, value in _SHUT.items() if st.get_option(name) != value]
    if not opened:
        return
    sentence = (
        f"Streamlit runs with options that open doors: {', '.join(opened)}. Start the desk by “python3 -m ticketing "
        "serve” or in its own folder, where .streamlit/config.toml shuts them, and set no STREAMLIT_ variable for them."
    )
    if is_public:
        raise SettingsError(sentence)
    log.warning(sentence)
