"""Tickets and people on their way from and to other systems."""
