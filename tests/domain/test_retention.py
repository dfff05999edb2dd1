"""Rules of retention, before anything goes by them."""

import pytest

from ticketing.domain.retention import RetentionRule, Sweep


@pytest.mark.parametrize(
    ("sweep", "category", "named"),
    [
        (Sweep.TICKETS, "hardware", {("categories", "hardware")}),
        (Sweep.TICKETS, "", set()),
        (Sweep.MAILS, "hardware", set()),
    ],
)
def test_a_rule_names_the_category_of_tickets_alone(sweep: Sweep, category: str, named: set[tuple[str, str]]) -> None:
    rule = RetentionRule(id="old", name="Old", sweep=sweep, days=365, category=category).checked()

    assert rule.references() == named
