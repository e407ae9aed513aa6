"""Copies that leave the program: a child's chronology, record and front sheet as PDF, HTML, CSV and JSON (R-116)."""
