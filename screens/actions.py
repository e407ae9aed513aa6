"""The one table of actions: keys, footer, palette, help and the documents all come from it.

`EVERYWHERE` holds what works on every screen; `ON_SCREEN` what works on one. A screen writes
`BINDINGS = bindings("log")` and a method `act_<verb>` for each of its own actions ("log.record" → `act_record`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Action:
    """One thing that a person can do by a key, a click, or the palette.

    `id` is what a keymap names; `keys` are Textual's key names, separated by commas; `area` and `verb` make the
    palette's "area: Verb"; `opens` is the screen that it shows; `locked` says that it works before unlock.
    """

    id: str
    keys: str
    label: str
    tooltip: str
    help: str
    area: str
    verb: str
    opens: str = ""
    locked: bool = False
    shown: bool = True
    short: str = ""

    @property
    def method(self) -> str:
        """The name of the method that does it: of the app, or of the screen that owns it."""
        return "act_" + self.id.rpartition(".")[2]

    @property
    def command(self) -> str:
        """What the palette calls it."""
        return f"{self.area}: {self.verb}"


EVERYWHERE: tuple[Action, ...] = (
    Action(
        "help",
        "f1",
        "Help",
        "What this screen is for, and its keys",
        "Shows what the screen before you is for and every key that works on it.",
        "Console",
        "Help for where I am",
        locked=True,
    ),
    Action(
        "log",
        "f2",
        "Log",
        "Log a concern about a child",
        "Opens a blank concern from anywhere, or continues the draft that was kept.",
        "Record",
        "Log a concern",
        opens="log",
    ),
    Action(
        "find",
        "f3",
        "Find",
        "Find a child, or words in the record",
        "Finds a child by any name, or an entry by its words.",
        "Record",
        "Find a child or words",
        opens="find",
    ),
    Action(
        "review",
        "f4",
        "Review",
        "Review the children who are due",
        "Walks the children whose review is due, one at a time.",
        "Record",
        "Review who is due",
        opens="review",
    ),
    Action(
        "share",
        "f5",
        "Share",
        "Share with partners, and sync",
        "Shows what waits for approval, what is queued and what came in.",
        "Partners",
        "Share and sync",
        opens="share",
    ),
    Action(
        "today",
        "f6",
        "Today",
        "Back to Today",
        "Returns to what needs doing today.",
        "Record",
        "Today",
        opens="today",
    ),
    Action(
        "children",
        "f7",
        "Children",
        "Every child on the roll",
        "Lists the children, with year, level and next review.",
        "Record",
        "Children",
        opens="children",
    ),
    Action(
        "unfinished",
        "",
        "Unfinished",
        "Entries of which something is still to be written",
        "Lists the entries that were recorded in a hurry, and asks only for what is missing.",
        "Record",
        "What is still to be written",
        opens="unfinished",
        shown=False,
    ),
    Action(
        "sync",
        "",
        "Sync",
        "Send what was approved, and fetch what came in",
        "Runs the batch with the hub and shows each entry's state.",
        "Partners",
        "Sync now",
        opens="sync",
        shown=False,
    ),
    Action(
        "partners",
        "",
        "Partners",
        "Partner agencies and contracts",
        "Lists the agencies, their keys and the sharing contracts.",
        "Partners",
        "Agencies and contracts",
        opens="partners",
        shown=False,
    ),
    Action(
        "actions",
        "",
        "Actions",
        "What is to be done, by whom and by when",
        "Lists what I am to do, what I asked others to do, and what decisions asked for.",
        "Record",
        "Actions",
        opens="actions",
        shown=False,
    ),
    Action(
        "flags",
        "",
        "Patterns",
        "Patterns that the rules found, with their evidence",
        "Lists the patterns found in the record, why each was raised, and the entries it rests on.",
        "Record",
        "Patterns to consider",
        opens="flags",
        shown=False,
    ),
    Action(
        "calendar",
        "",
        "Calendar",
        "Term dates, closures and bank holidays",
        "Shows the school's days, on which every review date rests; takes in a file, a term or a closure.",
        "School",
        "Term dates and closures",
        opens="calendar",
        shown=False,
    ),
    Action(
        "people",
        "",
        "People & keys",
        "Who opens this record, and with which keys",
        "Adds, removes and recovers people, changes passphrases, and makes the keys anew.",
        "Vault",
        "People and keys",
        opens="people",
        shown=False,
    ),
    Action(
        "adults",
        "",
        "Adults' register",
        "Concerns about adults who work here",
        "Opens the adults' register, for those who hold its key, with an unlock of its own.",
        "Vault",
        "Adults' register",
        opens="adults",
        shown=False,
    ),
    Action(
        "backups",
        "",
        "Backups",
        "The last good backup, and a new one",
        "Shows the last good backup and whether it was proved; makes one, or proves one.",
        "Vault",
        "Backups",
        opens="backups",
        shown=False,
    ),
    Action(
        "settings",
        "",
        "Settings",
        "Theme, locking, telephone numbers, backups",
        "Shows everything that can be set, and changes it: theme, locking, telephone numbers, backups.",
        "Console",
        "Settings",
        opens="settings",
        shown=False,
    ),
    Action(
        "hide",
        "f8,ctrl+g",
        "Hide",
        "Hide the screen at once; your passphrase brings it back",
        "Hides everything at once. What you were writing stays as it was; your passphrase brings it back.",
        "Console",
        "Hide the screen",
    ),
    Action(
        "lock",
        "f9,ctrl+l",
        "Lock",
        "Lock; the draft on screen is kept",
        "Locks the record and ends the process that held it. A draft on screen is sealed first.",
        "Console",
        "Lock",
    ),
    Action(
        "theme",
        "",
        "Theme",
        "Dark or light",
        "Changes the colours and keeps the choice.",
        "Console",
        "Change the theme",
        locked=True,
        shown=False,
    ),
    Action(
        "commands",
        "ctrl+p",
        "Commands",
        "Every command, by name",
        "Lists every command; type a few letters of what you want.",
        "Console",
        "Commands",
        locked=True,
        short="More",
    ),
    Action(
        "exit",
        "ctrl+q",
        "Exit",
        "Lock and leave; the draft on screen is kept",
        "Seals the draft on screen, locks the record and returns to the shell.",
        "Console",
        "Exit",
        locked=True,
    ),
)

BACK = Action(
    "back",
    "escape",
    "Back",
    "Leave this screen; nothing is lost",
    "Closes what is open, one step at a time, and loses nothing.",
    "Console",
    "Back",
    locked=True,
)


def _own(
    screen: str, verb: str, keys: str, label: str, tooltip: str, area: str, command: str, *, short: str = ""
) -> Action:
    return Action(f"{screen}.{verb}", keys, label, tooltip, f"{tooltip}.", area, command, short=short)


ON_SCREEN: dict[str, tuple[Action, ...]] = {
    # -- sealed reports ------------------------------------------------------------------------------------------------
    "unlock": (
        _own(
            "unlock",
            "recover",
            "ctrl+r",
            "Recovery code",
            "Open with the recovery code, and choose a new passphrase",
            "Unlock",
            "Recovery code",
        ),
        _own(
            "unlock",
            "report",
            "ctrl+n",
            "Leave a note",
            "Leave a note for the safeguarding team; no passphrase is needed",
            "Note",
            "Leave a note for the safeguarding team",
        ),
    ),
    "report": (
        _own(
            "report",
            "seal",
            "ctrl+s",
            "Seal",
            "Seal the note: nobody can read it back, the safeguarding team reads it",
            "Note",
            "Seal the note",
        ),
    ),
    "triage": (
        _own("triage", "accept", "ctrl+s", "Accept", "Put it in the chosen child's record", "Report", "Accept it"),
        _own("triage", "close", "ctrl+r", "Close", "Close it without a record, with the reason", "Report", "Close it"),
        _own(
            "triage",
            "answer",
            "ctrl+t",
            "Told them",
            "Record who told the reporter what was done",
            "Report",
            "Who told the reporter",
        ),
        _own("triage", "child", "ctrl+o", "Child", "Open the record of the child", "Report", "Open the child's record"),
    ),
    "today": (
        _own("today", "open", "enter", "Open", "Open the line where it is dealt with", "Today", "Open the line"),
    ),
    "backups": (
        _own("backups", "make", "b", "Back up now", "Make a backup and check it whole", "Backups", "Back up now"),
        _own(
            "backups",
            "drill",
            "p",
            "Prove it",
            "Restore it for a moment and compare all",
            "Backups",
            "Prove it (drill)",
        ),
        _own("backups", "folder", "f", "Folder", "Choose where the daily backup goes", "Backups", "Choose the folder"),
        _own(
            "backups",
            "gone",
            "g",
            "Old machine gone",
            "Confirm, after a restore, that the old machine is gone",
            "Backups",
            "The old machine is gone",
        ),
    ),
    "settings": (
        _own("settings", "change", "enter", "Change", "Change the setting under the cursor", "Settings", "Change it"),
    ),
    "find": (_own("find", "open", "enter", "Open", "Open what was found", "Find", "Open what was found"),),
    # -- log, children, child ------------------------------------------------------------------------------------------
    "log": (
        _own("log", "record", "ctrl+s", "Record", "Record the concern", "Log", "Record the concern"),
        _own("log", "body_map", "ctrl+b", "Body map", "Put marks on the body, front and back", "Log", "Body map"),
        _own("log", "more", "ctrl+o", "More", "Show or fold the fields that are rarely needed", "Log", "More fields"),
        _own("log", "discard", "ctrl+n", "Begin afresh", "Let this draft go, after a question", "Log", "Begin afresh"),
    ),
    "what_now": (
        _own("what_now", "telephone", "1", "Telephone", "Show the numbers to ring", "Recorded", "Telephone"),
        _own("what_now", "decide", "2", "Decide", "Decide what is to be done, and why", "Recorded", "Decide"),
        _own("what_now", "share", "3", "Share", "Propose it to a partner agency", "Recorded", "Share it"),
        _own("what_now", "alike", "4", "Like it", "Look at the entry that is like it", "Recorded", "The entry like it"),
    ),
    "decide": (_own("decide", "record", "ctrl+s", "Record", "Record the decision", "Decide", "Record the decision"),),
    "amend": (_own("amend", "record", "ctrl+s", "Record", "Record the new version", "Amend", "Record the version"),),
    "move": (_own("move", "record", "ctrl+s", "Move", "Move the entry, after a question", "Move", "Move the entry"),),
    "children": (
        _own("children", "open", "enter", "Open", "Open the child's record", "Children", "Open the child"),
        _own("children", "new", "n,ctrl+n", "New child", "Add a child by hand", "Children", "Add a child"),
        _own(
            "children",
            "glass",
            "o,ctrl+o",
            "Not given to me",
            "Open a child who was not given to you, with a reason that the DSL sees on Today",
            "Children",
            "Open a child who was not given to me",
        ),
    ),
    "child": (
        _own("child", "open", "enter", "Open", "Show the entry whole, with its versions", "Child", "Open the entry"),
        _own(
            "child",
            "links",
            "l",
            "Same event",
            "Accounts of one event; merge a chronology",
            "Child",
            "Same event, merge",
        ),
        _own("child", "amend", "e", "Amend", "Write a new version of the entry", "Child", "Amend the entry"),
        _own("child", "decide", "d", "Decide", "Decide what is to be done, and why", "Child", "Decide"),
        _own("child", "move", "m", "Move", "Move the entry to the right child", "Child", "Move the entry"),
        _own("child", "promote", "p", "Choose", "Choose the entry for the chronology", "Child", "Choose the entry"),
        _own("child", "share", "s", "Share", "Propose the entry to a partner agency", "Child", "Share the entry"),
        _own(
            "child",
            "review",
            "r",
            "Review status",
            "Set how the child is reviewed",
            "Child",
            "Review status",
            short="Status",
        ),
        _own(
            "child",
            "front",
            "f",
            "Front sheet",
            "Who must not be told, orders, contacts",
            "Child",
            "Front sheet",
            short="Front",
        ),
        _own(
            "child",
            "copy",
            "o",
            "Copy out",
            "Write a copy to a file: PDF, HTML, CSV",
            "Child",
            "Take a copy out",
            short="Copy",
        ),
        _own("child", "restore", "u", "Restore", "Bring a removed entry back", "Child", "Restore a removed entry"),
        _own(
            "child",
            "chosen",
            "a",
            "All or chosen",
            "Show all entries, or those chosen",
            "Child",
            "All or chosen",
            short="All",
        ),
        _own("child", "history", "h", "History", "Reviews held, and entries moved", "Child", "Reviews and moves"),
        _own(
            "child",
            "known",
            "k",
            "As known on",
            "The record as it was known on a day",
            "Child",
            "As known on a day",
            short="Known",
        ),
    ),
    "export": (_own("export", "write", "ctrl+s", "Write", "Write the copy; it is recorded", "Copy", "Write the copy"),),
    "front_sheet": (
        _own("front_sheet", "add", "n", "New line", "Add a line to the front sheet", "Front sheet", "Add a line"),
        _own(
            "front_sheet", "change", "e,enter", "Change", "Change the line under the cursor", "Front sheet", "Change it"
        ),
        _own("front_sheet", "end", "x", "Take off", "Take the line off, with the reason", "Front sheet", "Take it off"),
        _own("front_sheet", "history", "h", "History", "Every version of every line", "Front sheet", "Every version"),
    ),
    "body_map": (
        _own("body_map", "mark", "enter", "Mark", "Put a mark here, or change it", "Body map", "Mark here"),
        _own("body_map", "take", "delete", "Take away", "Take the mark under the cursor away", "Body map", "Take away"),
        _own("body_map", "overlay", "o", "Other days", "Lay the maps of other days under it", "Body map", "Other days"),
        _own("body_map", "record", "ctrl+s", "Record", "Record the map", "Body map", "Record the map"),
    ),
    "compare": (
        _own("compare", "next", "n,right", "Next", "The next change", "Versions", "Next change"),
        _own("compare", "previous", "b,left", "Before", "The change before", "Versions", "Change before"),
    ),
    "entry": (
        _own("entry", "amend", "e", "Amend", "Write a new version of the entry", "Entry", "Amend"),
        _own("entry", "decide", "d", "Decide", "Decide what is to be done, and why", "Entry", "Decide"),
        _own("entry", "move", "m", "Move", "Move the entry to the right child", "Entry", "Move"),
        _own("entry", "promote", "p", "Choose", "Choose the entry for the chronology", "Entry", "Choose"),
        _own("entry", "share", "s", "Share", "Propose the entry to a partner agency", "Entry", "Share"),
        _own("entry", "body_map", "b", "Body map", "The marks that were seen, front and back", "Entry", "Body map"),
        _own("entry", "versions", "v", "Versions", "Versions side by side, what changed marked", "Entry", "Versions"),
        _own(
            "entry", "remove", "x", "Remove", "Propose its removal; another person agrees", "Entry", "Propose removal"
        ),
        _own("entry", "agree", "g", "Agree", "Agree, as a second person, to its removal", "Entry", "Agree to removal"),
        _own("entry", "keep", "u", "Keep it", "Take the proposal to remove it back", "Entry", "Take the proposal back"),
        _own(
            "entry", "fill", "f", "Fill in", "Fill in what is still to be written", "Entry", "Fill in what is missing"
        ),
    ),
    "links": (
        _own("links", "same", "y", "The same", "Say that both tell of the same event", "Same event", "The same event"),
        _own("links", "apart", "x", "Not the same", "Say that they do not", "Same event", "Not the same event"),
        _own("links", "take_in", "i", "Take in", "Take in another agency's chronology", "Same event", "Take in a file"),
        _own("links", "open", "enter", "Open", "Open the record at the entry", "Same event", "Open the entry"),
    ),
    "unfinished": (
        _own("unfinished", "fill", "enter", "Fill in", "Fill in what is missing", "Unfinished", "Fill in"),
        _own("unfinished", "amend", "e", "Amend", "Write a new version of the entry", "Unfinished", "Amend"),
        _own("unfinished", "entry", "o", "Open", "Show the entry whole", "Unfinished", "Open the entry"),
    ),
    # -- review --------------------------------------------------------------------------------------------------------
    "review": (
        _own(
            "review",
            "open",
            "enter",
            "Review",
            "Review this child, then those who are due after",
            "Review",
            "Review this child",
        ),
        _own(
            "review",
            "status",
            "s",
            "Status",
            "Set the status under which a child is reviewed",
            "Review",
            "Set a status",
        ),
        _own("review", "begin", "b", "Session", "Begin a session that ends with a minute", "Review", "Begin a session"),
        _own("review", "minute", "m", "Minute", "Read and sign the session's minute", "Review", "The session's minute"),
    ),
    "minute": (
        _own("minute", "sign", "ctrl+s", "Sign", "Sign the minute and end the session", "Minute", "Sign and end"),
        _own("minute", "print", "p", "Print", "Write the minute as PDF or a page", "Minute", "Write it to a file"),
    ),
    "review_child": (
        _own(
            "review_child",
            "also",
            "ctrl+r",
            "Also",
            "An action, a pattern considered, a share, a referral or a challenge",
            "Review",
            "Also: action, pattern, share, referral, challenge",
        ),
        _own(
            "review_child",
            "record",
            "ctrl+s",
            "Record",
            "Record this review and show the next child",
            "Review",
            "Record this review",
        ),
        _own(
            "review_child",
            "skip",
            "ctrl+n",
            "Later",
            "Leave this child for later and show the next; what was typed is kept",
            "Review",
            "Leave this child for later",
        ),
        _own(
            "review_child",
            "status",
            "ctrl+t",
            "Status",
            "Set the status under which this child is reviewed",
            "Review",
            "Set this child's status",
        ),
        _own(
            "review_child",
            "child",
            "ctrl+o",
            "Child",
            "Open the child's record",
            "Review",
            "Open the child's record",
        ),
    ),
    "actions": (
        _own("actions", "open", "enter", "Open", "Open the child's record", "Actions", "Open the record"),
        _own("actions", "new", "n", "New", "Ask for something to be done", "Actions", "Ask for something"),
        _own("actions", "close", "c", "Close", "Close it, with what came of it", "Actions", "Close it"),
        _own("actions", "change", "e", "Change", "Another owner, or another day", "Actions", "Change owner or day"),
        _own("actions", "everything", "a", "All", "Show also what was closed", "Actions", "Also the closed"),
    ),
    "flags": (
        _own("flags", "open", "enter", "Open", "Open the entry under the cursor", "Patterns", "Open the entry"),
        _own("flags", "answer", "c", "Considered", "Answer it: considered, because …", "Patterns", "Considered"),
        _own("flags", "everything", "a", "All", "Show also what was considered", "Patterns", "Also the considered"),
    ),
    "calendar": (
        _own("calendar", "bring", "i", "Import", "Take in a calendar or CSV file", "Calendar", "Import a file"),
        _own(
            "calendar", "closure", "c", "Closure", "Add days on which the school is closed", "Calendar", "Add a closure"
        ),
        _own("calendar", "term", "t", "Term", "Set one term by hand", "Calendar", "Set a term"),
        _own(
            "calendar", "nation", "n", "Nation", "Keep another nation's bank holidays", "Calendar", "Choose the nation"
        ),
        _own(
            "calendar",
            "remove",
            "d",
            "Take away",
            "Take away a term or closure, after a question",
            "Calendar",
            "Remove",
        ),
    ),
    # -- share, sync, partners -----------------------------------------------------------------------------------------
    "share": (
        _own(
            "share",
            "open",
            "enter",
            "Open",
            "Open the share: the record beside the exact bytes",
            "Share",
            "Open the share",
        ),
        _own("share", "hold", "h", "Hold", "Let the share wait, with the reason", "Share", "Hold the share"),
        _own(
            "share",
            "refuse",
            "x",
            "Do not share",
            "Decide not to share, with the reason",
            "Share",
            "Decide not to share",
        ),
        _own(
            "share",
            "cancel",
            "c",
            "Withhold",
            "Withhold an approved share that has not left",
            "Share",
            "Withhold the share",
        ),
        _own("share", "correct", "e", "Correct", "Send the amended entry in its place", "Share", "Correct the share"),
        _own("share", "withdraw", "w", "Withdraw", "Take back what was sent", "Share", "Withdraw the share"),
        _own(
            "share",
            "sync",
            "y",
            "Sync",
            "Open Sync: send what was approved, and fetch what came in",
            "Share",
            "Open Sync",
        ),
        _own("share", "partners", "p", "Partners", "Open Partners: agencies and agreements", "Share", "Open Partners"),
    ),
    "share_entry": (
        _own("share_entry", "approve", "a", "Approve", "Approve exactly these bytes", "Share", "Approve this share"),
        _own("share_entry", "hold", "h", "Hold", "Let the share wait, with the reason", "Share", "Hold this share"),
        _own(
            "share_entry",
            "refuse",
            "x",
            "Do not share",
            "Decide not to share, with the reason",
            "Share",
            "Decide not to share this",
        ),
        _own(
            "share_entry",
            "cancel",
            "c",
            "Withhold",
            "Withhold an approved share that has not left",
            "Share",
            "Withhold this share",
        ),
        _own(
            "share_entry",
            "correct",
            "e",
            "Correct",
            "Send the amended entry in its place",
            "Share",
            "Correct this share",
        ),
        _own("share_entry", "withdraw", "w", "Withdraw", "Take back what was sent", "Share", "Withdraw this share"),
        _own(
            "share_entry",
            "sync",
            "y",
            "Sync",
            "Open Sync: send what was approved, and fetch what came in",
            "Share",
            "Go to Sync",
        ),
        _own(
            "share_entry",
            "child",
            "o",
            "Child",
            "Open the child's record at this entry",
            "Share",
            "Open the child's record",
        ),
    ),
    "sync": (
        _own(
            "sync",
            "run",
            "y,ctrl+s",
            "Sync now",
            "Send what was approved, and fetch what came in",
            "Sync",
            "Run the sync",
        ),
        _own(
            "sync",
            "open",
            "enter",
            "Open",
            "Open the line: what came in, to match it, or a share",
            "Sync",
            "Open the line",
        ),
        _own("sync", "partners", "p", "Partners", "Open Partners: agencies and agreements", "Sync", "Open Partners"),
    ),
    "inbox": (
        _own(
            "inbox",
            "match",
            "enter",
            "Match",
            "Match the entry to the child under the cursor",
            "Inbox",
            "Match to this child",
        ),
        _own("inbox", "find", "f", "Another child", "Find another child by name", "Inbox", "Find another child"),
        _own("inbox", "refuse", "x", "Refuse", "Refuse the entry, with the reason", "Inbox", "Refuse the entry"),
    ),
    "partners": (
        _own("partners", "add", "n", "New", "Add a partner by its code", "Partners", "Add a partner"),
        _own(
            "partners",
            "compare",
            "w",
            "Words",
            "Compare the key words with the partner by telephone",
            "Partners",
            "Compare key words",
        ),
        _own(
            "partners",
            "contract",
            "g",
            "Agreement",
            "Add an agreement for regular sharing",
            "Partners",
            "Add an agreement",
        ),
        _own("partners", "offer", "o", "Offer", "Offer the agreement, to be signed by both", "Partners", "Offer it"),
        _own("partners", "accept", "a", "Accept", "Accept the agreement they offer", "Partners", "Accept it"),
        _own("partners", "decline", "d", "Decline", "Decline the agreement they offer", "Partners", "Decline it"),
        _own(
            "partners",
            "end",
            "x",
            "End agreement",
            "End the agreement under the cursor, with the reason",
            "Partners",
            "End an agreement",
        ),
        _own(
            "partners", "remove", "r", "Remove", "Remove the partner, with the reason", "Partners", "Remove a partner"
        ),
        _own("partners", "join", "h", "Join a hub", "Join a hub with an invite code", "Partners", "Join a hub"),
    ),
    # -- people and keys -----------------------------------------------------------------------------------------------
    "people": (
        _own("people", "add", "n", "New", "Let somebody open this record", "People", "Add somebody"),
        _own("people", "role", "r", "Role", "Give somebody another role", "People", "Change a role"),
        _own("people", "remove", "d", "Remove", "Remove somebody, after a question", "People", "Remove somebody"),
        _own("people", "given", "g", "Give", "Give a read-only person a child", "People", "Give a child"),
        _own("people", "cover", "v", "Cover", "Say who covers somebody who is away", "People", "Cover somebody"),
        _own("people", "passphrase", "p", "Passphrase", "Change my passphrase", "People", "Change my passphrase"),
        _own("people", "second", "s", "Second factor", "Ask for this machine's keyring too", "People", "Second factor"),
        _own("people", "code", "c", "Recovery code", "Make a new recovery code", "People", "New recovery code"),
        _own("people", "rotate", "a", "Keys anew", "Make the keys anew, after a question", "People", "Keys anew"),
        _own("people", "register", "o", "Adults' register", "Open the adults' register", "People", "Adults' register"),
    ),
    # -- the adults' register ------------------------------------------------------------------------------------------
    "adults": (
        _own("adults", "new", "n", "New", "Record a concern or a self-referral", "Register", "Record a concern"),
        _own("adults", "open", "enter", "Open", "Open the line", "Register", "Open the line"),
        _own("adults", "patterns", "p", "Patterns", "What entries have in common", "Register", "Patterns"),
        _own("adults", "trail", "t", "Who read", "Who read what; that is recorded too", "Register", "Who read what"),
        _own("adults", "holders", "h", "Readers", "Let somebody in, or take the key back", "Register", "Who reads it"),
        _own("adults", "code", "c", "Recovery code", "Make a new recovery code", "Register", "New recovery code"),
        _own("adults", "rotate", "a", "Keys anew", "Make its keys anew, after a question", "Register", "Keys anew"),
    ),
    "adult_log": (
        _own("adult_log", "record", "ctrl+s", "Record", "Record it in the register", "Register", "Record it"),
    ),
    "adult_entry": (
        _own("adult_entry", "decide", "d", "Decide", "Decide, with the rationale", "Register", "Decide"),
        _own("adult_entry", "lado", "l", "LADO", "Record a call to the LADO", "Register", "Record the LADO's call"),
        _own("adult_entry", "amend", "e", "Amend", "Amend the words", "Register", "Amend"),
        _own(
            "adult_entry", "reporter", "r", "Who shared", "Show who asked to stay anonymous", "Register", "Who shared"
        ),
        _own("adult_entry", "linked", "o", "Linked", "Open the entry it is linked to", "Register", "Open the linked"),
    ),
    "adult_decide": (
        _own("adult_decide", "record", "ctrl+s", "Record", "Record the decision", "Register", "Record the decision"),
    ),
    "adult_report": (
        _own("adult_report", "accept", "ctrl+s", "Take in", "Take it into the register", "Register", "Take it in"),
        _own("adult_report", "close", "ctrl+r", "Close", "Close it, with the reason", "Register", "Close it"),
        _own(
            "adult_report", "answer", "ctrl+t", "Told them", "Record who told its writer", "Register", "Who told them"
        ),
    ),
    "adult_patterns": (
        _own("adult_patterns", "open", "enter", "Open", "Open the entry", "Register", "Open the entry"),
        _own("adult_patterns", "review", "r", "Record a look", "Record what you found", "Register", "Record this look"),
    ),
}


def every_action() -> Iterator[Action]:
    """Yield each action of the table once."""
    yield from EVERYWHERE
    yield BACK
    for actions in ON_SCREEN.values():
        yield from actions


TABLE: dict[str, Action] = {action.id: action for action in every_action()}


def actions_of(screen: str) -> tuple[Action, ...]:
    """Return the actions that belong to one screen, and Back."""
    return (*ON_SCREEN.get(screen, ()), BACK)


def _binding(action: Action, *, priority: bool) -> Binding:
    return Binding(
        action.keys,
        f"do('{action.id}')",
        action.label,
        show=action.shown,
        priority=priority,
        tooltip=action.tooltip,
        id=action.id,
    )


def bindings(screen: str) -> list[BindingType]:
    """Return a screen's bindings: its own actions and Back; write `BINDINGS = bindings("log")`."""
    return [_binding(action, priority=False) for action in actions_of(screen) if action.keys]


def app_bindings() -> list[BindingType]:
    """Return the bindings that work everywhere, also while a field has the focus."""
    return [_binding(action, priority=True) for action in EVERYWHERE if action.keys]


KEY_NAMES = {"escape": "Esc", "enter": "Enter", "space": "Space", "tab": "Tab", "delete": "Del"}


def key_name(key: str) -> str:
    """Return a key as people write it: `ctrl+g` → `Ctrl+G`, `f2` → `F2`, `n` → `n`."""
    *modifiers, last = key.split("+")
    if modifiers or (len(last) > 1 and last.startswith("f") and last[1:].isdigit()):
        last = last.upper() if len(last) <= 3 else KEY_NAMES.get(last, last.title())
    else:
        last = KEY_NAMES.get(last, last)
    return "+".join([*(modifier.title() for modifier in modifiers), last])
