"""The closed vocabularies of the record (practice: §8), each code with the words that a screen shows.

A code is stored, signed and exchanged, so it never changes; a label may.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Coded(StrEnum):
    """A code that is text wherever text is wanted, and carries its `label` for the screen."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        """Make a member from its stored code and its words (a look-up by code, `Role("dsl")`, gives the code alone)."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Return (label, code) pairs in their order of use, as a drop-down takes them."""
        return [(member.label, member.value) for member in cls]


def label_of(vocabulary: type[Coded], code: str | None) -> str:
    """Return the words for a stored code; a code this version does not know is shown as it stands, never dropped."""
    if not code:
        return ""
    try:
        return vocabulary(code).label
    except ValueError:
        return code.replace("_", " ")


class EntryKind(Coded):
    """What sort of entry a line of the record is."""

    CONCERN = "concern", "Concern"
    OBSERVATION = "observation", "Observation"
    STRENGTH = "strength", "Strength"
    PARENT_CONTACT = "parent_contact", "Contact with parent or carer"
    AGENCY_CONTACT = "agency_contact", "Contact with an agency"
    OPERATION_ENCOMPASS = "operation_encompass", "Operation Encompass notice"
    ATTENDANCE = "attendance", "Attendance"
    ONLINE = "online", "Online"
    PHYSICAL_INTERVENTION = "physical_intervention", "Physical intervention"
    MEETING = "meeting", "Meeting"
    DECISION = "decision", "Decision"
    REFERRAL = "referral", "Referral"
    VISIT = "visit", "Visit"
    REVIEW = "review", "Review"
    CHALLENGE = "challenge", "Professional challenge"
    TRANSFER = "transfer", "File transfer"


class HowKnown(Coded):
    """How the person who records it came to know (R-01)."""

    SEEN = "seen", "Seen"
    HEARD = "heard", "Heard"
    TOLD_BY_CHILD = "told_by_child", "Told by the child"
    TOLD_BY_OTHER_CHILD = "told_by_other_child", "Told by another child"
    TOLD_BY_ADULT = "told_by_adult", "Told by an adult"
    OTHER_AGENCY = "other_agency", "From another agency"
    DOCUMENT = "document", "From a document"
    SYSTEM = "system", "From a system"


class LevelOfNeed(Coded):
    """The level of need; a school may show its own labels."""

    UNIVERSAL = "universal", "Universal"
    EARLY_HELP = "early_help", "Early help"
    TARGETED = "targeted", "Targeted"
    CHILD_IN_NEED = "child_in_need", "Child in need (section 17)"
    CHILD_PROTECTION = "child_protection", "Child protection (section 47)"


class SocialCareStatus(Coded):
    """Where the child stands with children's social care."""

    NONE = "none", "None"
    EARLY_HELP = "early_help", "Early help"
    CHILD_IN_NEED = "child_in_need", "Child in need"
    CHILD_PROTECTION_PLAN = "child_protection_plan", "Child protection plan"
    LOOKED_AFTER = "looked_after", "Child in care"
    CARE_LEAVER = "care_leaver", "Care leaver"


class ConcernCategory(Coded):
    """What a concern is about: one main category, any number of further ones."""

    NEGLECT = "neglect", "Neglect"
    PHYSICAL = "physical", "Physical abuse"
    EMOTIONAL = "emotional", "Emotional abuse"
    SEXUAL = "sexual", "Sexual abuse"
    DOMESTIC_ABUSE = "domestic_abuse", "Domestic abuse"
    CHILD_SEXUAL_EXPLOITATION = "child_sexual_exploitation", "Child sexual exploitation"
    CHILD_CRIMINAL_EXPLOITATION = "child_criminal_exploitation", "Child criminal exploitation"
    SERIOUS_VIOLENCE = "serious_violence", "Serious violence"
    CHILD_ON_CHILD_ABUSE = "child_on_child_abuse", "Child-on-child abuse"
    HARMFUL_SEXUAL_BEHAVIOUR = "harmful_sexual_behaviour", "Harmful sexual behaviour"
    BULLYING = "bullying", "Bullying"
    ONLINE_ABUSE = "online_abuse", "Online abuse"
    NUDES_OR_SEMI_NUDES = "nudes_or_semi_nudes", "Nudes or semi-nudes"
    GROOMING = "grooming", "Grooming"
    SELF_HARM = "self_harm", "Self-harm"
    SUICIDAL_THOUGHTS = "suicidal_thoughts", "Suicidal thoughts"
    MENTAL_HEALTH = "mental_health", "Mental health"
    EATING = "eating", "Eating"
    DRUGS_ALCOHOL_CHILD = "drugs_alcohol_child", "Drugs or alcohol (child)"
    PARENTAL_SUBSTANCE_USE = "parental_substance_use", "Parental substance use"
    PARENTAL_MENTAL_HEALTH = "parental_mental_health", "Parental mental health"
    FABRICATED_OR_INDUCED_ILLNESS = "fabricated_or_induced_illness", "Fabricated or induced illness"
    FGM = "fgm", "Female genital mutilation"
    FORCED_MARRIAGE = "forced_marriage", "Forced marriage"
    HONOUR_BASED_ABUSE = "honour_based_abuse", "So-called honour-based abuse"
    FAITH_OR_BELIEF_ABUSE = "faith_or_belief_abuse", "Abuse linked to faith or belief"
    RADICALISATION = "radicalisation", "Radicalisation"
    MODERN_SLAVERY = "modern_slavery", "Modern slavery"
    MISSING_FROM_HOME = "missing_from_home", "Missing from home or care"
    MISSING_EDUCATION = "missing_education", "Missing education"
    ATTENDANCE = "attendance", "Attendance"
    YOUNG_CARER = "young_carer", "Young carer"
    PRIVATE_FOSTERING = "private_fostering", "Private fostering"
    HOUSING = "housing", "Housing"
    FINANCIAL_HARDSHIP = "financial_hardship", "Financial hardship"
    BEREAVEMENT = "bereavement", "Bereavement"
    PARENT_IN_PRISON = "parent_in_prison", "Parent in prison"
    INJURY = "injury", "Injury"
    PHYSICAL_INTERVENTION = "physical_intervention", "Physical intervention"
    BEHAVIOUR = "behaviour", "Behaviour"
    WELFARE = "welfare", "Welfare"
    OTHER = "other", "Other"


class Significance(Coded):
    """What an entry means in the chronology."""

    STRENGTH = "strength", "Strength"
    CONTEXT = "context", "Context"
    CONCERN = "concern", "Concern"
    SIGNIFICANT = "significant", "Significant"
    TURNING_POINT = "turning_point", "Turning point"


class Impact(Coded):
    """The impact on the child."""

    POSITIVE = "positive", "Positive"
    NONE_SEEN = "none_seen", "None seen"
    NEGATIVE = "negative", "Negative"
    UNKNOWN = "unknown", "Not known"


class Decision(Coded):
    """What is to be done about an entry (R-02)."""

    NO_FURTHER_ACTION = "no_further_action", "No further action"
    MONITOR_WITH_REVIEW_DATE = "monitor_with_review_date", "Monitor, with a review date"
    IN_SCHOOL_SUPPORT = "in_school_support", "Support in school"
    EARLY_HELP = "early_help", "Early help"
    ADVICE_CALL = "advice_call", "Call for advice"
    REFERRAL_SOCIAL_CARE = "referral_social_care", "Refer to children's social care"
    POLICE = "police", "Police"
    LADO = "lado", "LADO (designated officer)"
    CHANNEL = "channel", "Channel (Prevent)"
    CHALLENGE = "challenge", "Professional challenge"
    EMERGENCY_999 = "emergency_999", "Emergency: 999"


class ReviewStatus(Coded):
    """Why a child has a review date, most pressing first (R-80)."""

    CHILD_PROTECTION = "child_protection", "Child protection plan"
    REFERRAL_OPEN = "referral_open", "Referral open"
    CHILD_IN_NEED = "child_in_need", "Child in need"
    CHALLENGE_OPEN = "challenge_open", "Challenge open"
    EARLY_HELP = "early_help", "Early help"
    WATCHING = "watching", "Watching"
    OPEN = "open", "Open"
    CLOSED_HELD = "closed_held", "Closed, file held"


class Told(Coded):
    """Whether the child, or a parent or carer, was told (R-63)."""

    TOLD = "told", "Told"
    NOT_YET = "not_yet", "Not yet"
    NOT_SAFE = "not_safe", "Not safe to tell"


class IdentityCheck(Coded):
    """How a caller's identity was checked (R-16)."""

    CALLED_BACK = "called_back", "Called back on a known number"
    KNOWN_VOICE = "known_voice", "Voice known"
    EMAIL_DOMAIN = "email_domain", "E-mail domain known"
    UNVERIFIED = "unverified", "Not verified: ring back before saying anything"


class ReviewEvery(Coded):
    """How often a child is reviewed (R-80)."""

    WEEKLY = "7d", "Every 7 days"
    FORTNIGHTLY = "14d", "Every 14 days"
    HALF_TERMLY = "half_termly", "Every half-term"
    TERMLY = "termly", "Every term"
    YEARLY = "yearly", "Every year"


class MeetingType(Coded):
    """What sort of meeting about a child it is (R-103)."""

    STRATEGY_DISCUSSION = "strategy_discussion", "Strategy discussion"
    INITIAL_CONFERENCE = "initial_conference", "Initial child protection conference"
    CORE_GROUP = "core_group", "Core group"
    REVIEW_CONFERENCE = "review_conference", "Review child protection conference"
    CHILD_IN_NEED_REVIEW = "child_in_need_review", "Child in need review"
    TEAM_AROUND_THE_CHILD = "team_around_the_child", "Team around the child or family"
    EARLY_HELP_REVIEW = "early_help_review", "Early help review"
    PROFESSIONALS = "professionals", "Professionals' meeting"
    CHILD_IN_CARE_REVIEW = "child_in_care_review", "Child in care review"
    PERSONAL_EDUCATION_PLAN = "personal_education_plan", "Personal education plan"
    MARAC = "marac", "MARAC (domestic abuse risk conference)"
    EXPLOITATION_PANEL = "exploitation_panel", "Exploitation panel"
    CHANNEL_PANEL = "channel_panel", "Channel panel"
    LADO_MEETING = "lado_meeting", "LADO meeting"
    REINTEGRATION = "reintegration", "Reintegration meeting"


class LawfulBasis(Coded):
    """Why a share is lawful, in the order of R-61."""

    PUBLIC_TASK = "public_task", "Public task"
    LEGAL_OBLIGATION = "legal_obligation", "Legal obligation"
    VITAL_INTERESTS = "vital_interests", "Vital interests"
    RECOGNISED_LEGITIMATE_INTEREST = "recognised_legitimate_interest", "Recognised legitimate interest (safeguarding)"
    LEGITIMATE_INTERESTS = "legitimate_interests", "Legitimate interests"
    CONSENT = "consent", "Consent"


class PartnerKind(Coded):
    """What sort of organisation a partner is (R-120)."""

    SCHOOL = "school", "School"
    SOCIAL_CARE = "social_care", "Children's social care"
    EARLY_HELP = "early_help", "Early help"
    POLICE = "police", "Police"
    HEALTH = "health", "Health"
    VIRTUAL_SCHOOL = "virtual_school", "Virtual school"
    CHILDREN_MISSING_EDUCATION = "children_missing_education", "Children missing education"
    ELECTIVE_HOME_EDUCATION = "elective_home_education", "Elective home education"
    WORK_RELATED_LEARNING = "work_related_learning", "Work-related learning"
    YOUTH_JUSTICE = "youth_justice", "Youth justice"
    VOLUNTARY = "voluntary", "Voluntary organisation"


class Role(Coded):
    """What a person may do in the console."""

    DSL = "dsl", "Designated Safeguarding Lead"
    DEPUTY = "deputy", "Deputy DSL"
    HEAD = "head", "Headteacher"
    READ_ONLY = "read_only", "Read only"


class ReportAbout(Coded):
    """Whom a sealed report is about: asked before anything else (R-39)."""

    CHILD = "child", "A child"
    ADULT = "adult", "An adult who works here"
    HEADTEACHER = "headteacher", "The headteacher"


class YesNo(Coded):
    """A plain answer."""

    YES = "yes", "Yes"
    NO = "no", "No"


class ShareState(Coded):
    """Where a share stands; nothing is called sent before the hub has acknowledged it (R-69)."""

    PROPOSED = "proposed", "Proposed"
    HELD = "held", "Held"
    AGREED = "agreed", "Approved once: waits for a second yes"
    NOT_SHARED = "not_shared", "Decided not to share"
    APPROVED = "approved", "Approved, not yet sent"
    QUEUED = "queued", "Waiting: queued on this machine"
    OFFERED = "offered", "Waiting: offered to the hub, not confirmed"
    DELIVERED = "delivered", "On the way: no receipt yet"
    ACKNOWLEDGED = "acknowledged", "With the partner"
    REFUSED = "refused", "Refused"
    EXPIRED = "expired", "Not collected"
    WITHHELD = "withheld", "Withheld before sending"
    SUPERSEDED = "superseded", "Replaced by a newer version"
    CORRECTED = "corrected", "Corrected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Precision(Coded):
    """How exactly it is known when something happened (R-78)."""

    EXACT = "exact", "Date and time known"
    DAY = "day", "Day known"
    APPROXIMATE = "approximate", "About then"
    RANGE = "range", "Within a period"
    UNKNOWN = "unknown", "Not known"


CHILD_ROLES = {
    "subject": "This child too",
    "harmed": "Harmed",
    "alleged_to_have_harmed": "Alleged to have harmed",
    "witness": "Witness",
    "sibling": "Sibling",
}
"""What a child's part in an event of several children may be, in words (R-11)."""
