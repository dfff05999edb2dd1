"""How fast the desk is, measured against what is known: a bare write, SQLite, an empty Streamlit page."""
