"""
The desk draws with its own components alone, so no package is asked whether it brings some.

Streamlit would read what each package of the environment says about itself, several times over, before it listens:
longer than it takes to open the desk.
"""

from pathlib import Path

from streamlit.components.v2 import manifest_scanner


def keep_to_own_components() -> None:
    """Have Streamlit find none in packages; it looks while the server is made, so this has to come before."""
    manifest_scanner.scan_component_manifests = _find_none


def _find_none(
    max_workers: int | None = None,  # noqa: ARG001 - called as Streamlit's own is
) -> list[tuple[manifest_scanner.ComponentManifest, Path]]:
    return []
