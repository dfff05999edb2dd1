"""What one can do at the desk; the acting person comes first."""
