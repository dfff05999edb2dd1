"""
What is remembered of a visitor from run to run, beside what Streamlit remembers of its own elements.

All of it stands under one name in the session's state, and a run asks for that once: each question takes as long as
drawing rows of a list, and may be where the run is cut short.
"""

import threading
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

Memory = TypeVar("Memory")

MEMORY = "_memory"
_thread = threading.local()


@dataclass(slots=True)
class Runs:
    """How many of a visitor's runs came to their end."""

    whole: int = 0


def recall(kind: type[Memory]) -> Memory:
    """Return what is remembered of this kind, made anew where there is nothing."""
    memories = _memories()
    if kind not in memories:
        memories.setdefault(kind, kind())  # a run of a second click may have made it by now
    found: Memory = memories[kind]
    return found


def forget_all_but(*kinds: type) -> None:
    """Forget everything that this Streamlit session knows, what was typed into forms included, but for these kinds."""
    memories = _memories()
    for key in st.session_state.keys() - {MEMORY}:
        del st.session_state[key]
    # Last: whose all this was is among them, and where a run is cut short before, the next one has to begin again.
    for kind in memories.keys() - set(kinds):
        del memories[kind]


def end_if_cut_short() -> None:
    """Go on only if no click has asked for another run meanwhile: Streamlit ends this one where it asks for state."""
    st.session_state.get(MEMORY)


def _memories() -> dict[type, Any]:
    run = get_script_run_ctx(suppress_warning=True)
    known, memories = getattr(_thread, "memories", (None, {}))
    if run is None or known is not run:
        memories = st.session_state.setdefault(MEMORY, {})
        _thread.memories = run, memories
    return memories
