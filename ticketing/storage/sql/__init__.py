"""The same store in SQLite or PostgreSQL."""
