"""The school's roll as its information system exports it: reading the file, and comparing it with who is known."""
