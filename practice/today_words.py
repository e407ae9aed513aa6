"""What Today calls its lines, on the screen and by the command."""

from __future__ import annotations

KINDS = {
    "report": "Report",
    "damaged": "Damaged",
    "answer": "Tell them",
    "concern": "Decide",
    "more": "Decide",
    "follow_up": "Follow up",
    "review": "Review",
    "flag": "Pattern",
    "action": "To do",
    "asked": "Asked for",
    "meeting": "Meeting",
    "meeting_report": "Report due",
    "transfer": "File",
    "item": "Came in",
    "rivals": "Two texts",
    "landed": "Came in",
    "taken_back": "Taken back",
    "reply": "Reply",
    "notice": "Police",
    "case": "Who is it",
    "keys": "Compare",
    "agreement": "Agreement",
    "agreement_offered": "Agreement",
    "recovered": "Came back",
    "proposed": "Approve",
    "agreed": "Approve",
    "ring": "Ring them",
    "held": "Held",
    "kept": "Not sent",
    "queued": "Queued",
    "delivered": "At the hub",
    "refused": "Refused",
    "expired": "Expired",
    "glass": "Opened",
    "unfinished": "Add to",
    "removal": "Removal",
    "erasure": "Erasure",
    "apart": "Choose",
    "machine": "Machines",
    "visit": "Visit",
    "backup": "Back up",
    "restored": "Restored",
}
"""The word that stands before a line, by its kind."""
READ = {
    **dict.fromkeys(("concern", "more", "follow_up", "proposed", "agreed", "answer", "apart", "unfinished"), "Read"),
    "review": "Review due",
    "backup": "Backup",
}
"""What stands there for who may read only, where the word asks for what they cannot do."""
NAMELESS = {
    "more": "and more concerns",
    "unfinished": "when there is time",
    "backup": "the whole record",
    "restored": "the whole record",
    "damaged": "a sealed report",
    "machine": "between machines",
    "recovered": "an entry lost here",
    "visit": "on a laptop",
    "keys": "a partner's key",
    "agreement": "to be reviewed",
    "agreement_offered": "offered to you",
    "erasure": "erased records",
}
"""What stands in the place of a child's name in a line that is about none."""


def kind_word(kind: str, *, writes: bool) -> str:
    """Return the word before a line of Today: what is to be done with it, by somebody who may do that."""
    word = KINDS.get(kind, kind)
    return word if writes else READ.get(kind, word)
