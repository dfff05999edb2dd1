"""The categories of the desk, and whether tickets can be put into one."""

from ticketing.domain.categories import Category
from ticketing.domain.store import Transaction


def all_categories(tx: Transaction) -> list[Category]:
    """Return all categories that there are or were, in order."""
    return Category.all_of(tx.definitions(Category).all())
