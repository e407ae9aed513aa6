"""Widgets that several screens use; `ChildPicker`, `RecordList` and the dialogs are imported from their own modules."""

from screens.widgets.chrome import EmergencyLine, HeaderLine, KeyBar, cut
from screens.widgets.text import MessageBar, PlainText, StateLine, plain

__all__ = ["EmergencyLine", "HeaderLine", "KeyBar", "MessageBar", "PlainText", "StateLine", "cut", "plain"]
