"""Getting messages out of the desk and into it."""
