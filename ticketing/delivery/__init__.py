"""Getting messages out, and in: it knows what the desk hands it, and neither stores nor pages."""
