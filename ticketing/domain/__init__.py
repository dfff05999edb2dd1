"""What a help desk is: models and pure functions, without I/O, clock or framework."""
