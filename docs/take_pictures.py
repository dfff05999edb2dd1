"""
Takes the pictures of the documentation of a running demo desk, with Chromium.

    python3 -m ticketing serve --demo --port 8599 &
    .venv/bin/python docs/take_pictures.py http://localhost:8599

They come into this folder, or into the one that is named after the address.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
PATIENCE = 30_000  # milliseconds
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SETTLED = '[data-testid=stApp][data-test-script-state="notRunning"]'


def sign_in(page: Page, base: str) -> None:
    """Come in as the demo's agent."""
    page.goto(f"{base}/login")
    page.get_by_label("Username", exact=True).fill("support_agent")
    page.get_by_label("Password", exact=True).fill("supportpass")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="All tickets")).to_be_visible()


def take(page: Page, picture: Path) -> None:
    """Keep what is on the screen once it stands still."""
    page.locator(SETTLED).wait_for()
    page.wait_for_timeout(700)
    page.screenshot(path=picture)


def take_bulk(page: Page, base: str, folder: Path) -> None:
    """Change three tickets at once, as far as the look at what would happen."""
    page.goto(f"{base}/all_tickets?view=unassigned")
    boxes = page.locator("tr[data-number] input[type=checkbox]")
    expect(boxes.first).to_be_visible()
    page.locator(SETTLED).wait_for()
    for place in range(3):
        boxes.nth(place).check()
    page.get_by_role("button", name="Change …").click()
    expect(page.get_by_role("heading", name="Change 3 tickets")).to_be_visible()
    page.locator(SETTLED).wait_for()
    page.get_by_role("combobox", name="Priority").click()
    page.get_by_role("option", name="High").click()
    page.get_by_role("button", name="See what happens").click()
    outcome = page.get_by_role("heading", name="What would happen")
    expect(outcome).to_be_visible()
    outcome.scroll_into_view_if_needed()
    take(page, folder / "bulk.png")


def take_rule(page: Page, base: str, folder: Path) -> None:
    """Rehearse a rule."""
    page.goto(f"{base}/desk_setup?kind=rules&id=no-answer")
    expect(page.get_by_role("heading", name="Close what nobody answers")).to_be_visible()
    page.locator(SETTLED).wait_for()
    page.get_by_role("button", name="Rehearse").click()
    told = page.get_by_text("90 days").last
    expect(told).to_be_visible()
    told.scroll_into_view_if_needed()
    take(page, folder / "rule.png")


def take_report(page: Page, base: str, folder: Path) -> None:
    """Show the report of a month by team."""
    page.goto(f"{base}/reports?by=team")
    expect(page.get_by_role("heading", name="Reports")).to_be_visible()
    take(page, folder / "report.png")


def main(base: str, folder: Path) -> None:
    """Take all pictures: the first two are the README's, the others are for agents."""
    expect.set_options(timeout=PATIENCE)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        sign_in(page, base)
        take(page, folder / "list.png")
        page.goto(f"{base}/all_tickets?view=all&q=Called back, nobody there")  # words of a note, which is to be seen
        page.locator("tr[data-number] a").first.click()
        expect(page.locator(".conversation .note")).to_be_visible()
        take(page, folder / "ticket.png")
        take_bulk(page, base, folder)
        take_rule(page, base, folder)
        take_report(page, base, folder)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]) if sys.argv[2:] else HERE)
