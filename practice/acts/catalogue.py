"""Which module holds each class of acts: one table as data, so that a command imports only those it needs.

An act's kind is the name of its class in small letters; a test compares the table with the modules.
"""

from __future__ import annotations

import importlib

NAMES = {
    "adults": (
        "AdultAdded AdultAmended AdultChanged AdultConcernLogged AdultDecided AdultLeft "
        "AdultPatternsReviewed AdultRead AdultReportAccepted AdultReportAnswered AdultReportArrived "
        "AdultReportClosed AdultRetentionSet LadoCalled RegisterTravels"
    ),
    "body": "BodyMapDrawn",
    "cases": (
        "CaseAnswered CaseDeclined CaseMatched CaseOffered CaseReceived CaseUnlinked Identity "
        "IdentityHeard IdentityLookedAt IdentityTold ItemReturned ItemSeen"
    ),
    "erasure": "Erased ErasureEnded ErasureProposed ErasureRepeated HoldLifted HoldSet MinuteKept RetentionSet",
    "front": "FrontSheetLine",
    "machines": "MachineAdded MachineHeard MachineRemoved MachineRenewed",
    "meetings": "MeetingCancelled MeetingChanged MeetingHeld MeetingPlanned",
    "quality": "QualityAuditBegun QualityRated",
    "record": (
        "Advice Amended ApartSettled Caller ChildAdded ChildChanged ChildFields ChildLeft ChildrenCompared Completed "
        "ConcernLogged Decided EntriesLinked EntryMoved GlossaryTermSet Imported Promoted ReviewHeld "
        "ReviewSet Told Unmasked"
    ),
    "removal": "RemovalAgreed RemovalEnded RemovalProposed",
    "review": (
        "ActionAdded ActionChanged ActionDone DecisionClosed FlagAnswered HolidayPlanned PackShown "
        "PatternRulesSet SessionBegun SessionEnded SupervisionHeld"
    ),
    "sharing": (
        "ContractAdded ContractAnswered ContractEnded ContractOffered ContractReceived HubEnrolled "
        "ItemAccepted ItemArrived ItemCorrected ItemRefused ItemWithdrawn OwnKeysRenewed RecoveredSettled "
        "ShareRecovered PartnerAdded PartnerCarried PartnerRemoved "
        "PartnerContactSet PartnerVerified ReportAccepted ReportAnswered ReportArrived ReportClosed ShareAgreed "
        "ShareApproved "
        "ShareCancelled ShareCorrected ShareHeld SharePreviewed ShareProgressed ShareProposed "
        "ShareRefused ShareWithdrawn SharingRulesSet"
    ),
    "transfers": (
        "TransferChanged TransferEffort TransferEnded TransferOpened TransferReceived TransferReviewed TransferSent"
    ),
    "vault": (
        "AuditRead BackupMade BackupProved CalendarSet ChildGranted ChildWithdrawn CoverSet Exported "
        "GlassBroken KeysRotated OldMachineGone PersonAdded PersonKeyChanged PersonRemoved "
        "PersonRoleChanged Phones RecordOpened RecoveryReplaced Restored SchoolSet TermDates UnlockFailed "
        "WordingRowSet"
    ),
    "visits": "VisitLost VisitPacked VisitReturned VisitSettled",
}
"""For each module of `practice.acts`, the classes that it holds."""
MODULE_OF = {name: module for module, names in NAMES.items() for name in names.split()}


def load(kind: str) -> None:
    """Import the module that holds a kind of act; nothing for a kind that this program does not know."""
    module = MODULE_OF.get("".join(part.capitalize() for part in kind.split("_")))
    if module is not None:
        importlib.import_module(f"practice.acts.{module}")


def load_all() -> None:
    """Import every module of acts."""
    for module in NAMES:
        importlib.import_module(f"practice.acts.{module}")
