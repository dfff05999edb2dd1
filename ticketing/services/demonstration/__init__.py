"""A desk with invented people and history, to try things out."""
