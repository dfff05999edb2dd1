"""Files of other help desks, read into what they bring: one module for each kind of file and each system."""
