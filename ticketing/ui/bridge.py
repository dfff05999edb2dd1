"""
The bridge between a Streamlit script and the browser's cookies, and to addresses that are no pages.

A script cannot set an HttpOnly cookie; our own HTTP route can. The bridge is a small piece of JavaScript that calls the
route once and then leaves the page by a full navigation, so that a Streamlit session never serves two people.
"""

import hashlib
import secrets

from ticketing.ui.packing import component, packed
from ticketing.ui.wording import t

_mount = component("bridge")


def carry_in(hand_off: str, target: str) -> None:
    """Exchange a one-time hand-off for the session cookie, then go to *target*, such as "ticket?id=12"."""
    _send(method="POST", body={"hand_off": hand_off}, target=target, waiting=t("bridge.signing_in"))


def carry_out(target: str) -> None:
    """End the session and take its cookie away, then go to *target*."""
    _send(method="DELETE", body={}, target=target, waiting=t("bridge.signing_out"))


def lead_to(target: str) -> None:
    """Leave for an address that is no page: one of our own, such as "oidc/start", or of another site."""
    _send(method="", body={"at": secrets.token_hex(8)}, target=target, waiting=t("bridge.leaving"))


def _send(*, method: str, body: dict[str, str], target: str, waiting: str) -> None:
    once = hashlib.sha256(repr((method, body)).encode()).hexdigest()[:16]
    _mount(
        key=f"bridge_{once}",
        data=packed(
            {
                "once": once,
                "method": method,
                "body": body,
                "target": target,
                "waiting": waiting,
                "failed": t("bridge.failed"),
                "retry": t("bridge.retry"),
            }
        ),
    )
