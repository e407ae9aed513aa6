"""What a person does at the desk: each capability is one function that checks, builds acts and records them.

The screens and the command line both call these; nothing here knows of either.
"""
