"""Streamlit's own test of a page, in a process that looks once for what is installed, as a server does."""

from functools import cache

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

__all__ = ["AppTest"]

# Each test of a page begins a server of its own, which reads what each installed package says of itself: at a hundred
# packages that is most of the time that it takes.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
