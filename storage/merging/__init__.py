"""Chronologies of other agencies: read from CSV or XLSX, every cell kept."""
