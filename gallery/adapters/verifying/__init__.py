"""Whether a written file is what it was to be, found out without the code that wrote it."""
