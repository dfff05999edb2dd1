"""
Takes the README's pictures of a running demo desk, with Chromium.

    python3 -m ticketing serve --demo --port 8599 &
    .venv/bin/python docs/take_pictures.py http://localhost:8599
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

FOLDER = Path(__file__).resolve().parent
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SETTLED = '[data-testid=stApp][data-test-script-state="notRunning"]'


def sign_in(page: Page, base: str) -> None:
    """Come in as the demo's agent."""
    page.goto(f"{base}/login")
    page.get_by_label("Username", exact=True).fill("support_agent")
    page.get_by_label("Password", exact=True).fill("supportpass")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="All tickets")).to_be_visible()


def take(page: Page, name: str) -> None:
    """Keep what is on the screen once it stands still."""
    page.locator(SETTLED).wait_for()
    page.wait_for_timeout(700)
    page.screenshot(path=FOLDER / name)


def main(base: str) -> None:
    """Take both pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        sign_in(page, base)
        take(page, "list.png")
        page.goto(f"{base}/all_tickets?view=all&q=Called back, nobody there")  # words of a note, which is to be seen
        page.locator("tr[data-number] a").first.click()
        expect(page.locator(".conversation .note")).to_be_visible()
        take(page, "ticket.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
