"""Repositories over documents in memory, whatever keeps the documents."""
