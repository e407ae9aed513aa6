"""Make a professional challenge, with the day for its answer and the stage that comes after (R-90)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from practice.clocks import add_working_days
from practice.dates import day_words
from practice.errors import Refused
from practice.profile import profile
from practice.vocabulary import EntryKind
from storage.desk import actions
from storage.desk.concerns import log_concern
from storage.views import meetings

if TYPE_CHECKING:
    from storage.vault import Vault


def answer_day(vault: Vault) -> date:
    """Return by when an answer is asked for, where no other day is named."""
    today = vault.clock().astimezone().date()
    return add_working_days(today, profile().challenges.answer_working_days, vault.calendar().bank_holidays)


def challenge(
    vault: Vault,
    child_id: str,
    to: str,
    asked: str,
    *,
    stage: str = "",
    answer_by: date | None = None,
    meeting_id: str = "",
) -> str:
    """Record a challenge: whose decision, what is asked instead and why; its entry's id.

    The answer stands among the actions with its day, and that action names the next stage. `meeting_id` is the meeting
    at which the school disagreed. Raises Refused.
    """
    to = " ".join(to.split())
    if not to or not asked.strip():
        raise Refused("Whose decision, and what do you ask instead? Nothing was recorded yet.")
    ladder = profile().challenges.stages
    stage = stage or ladder[0]
    if stage not in ladder:
        raise Refused(f"«{stage}» is no stage of a challenge. Nothing was recorded.", hint="; ".join(ladder))
    due = answer_by or answer_day(vault)
    if due < vault.clock().astimezone().date():
        raise Refused("The day for the answer has passed. Nothing was recorded.")
    lines = [f"Professional challenge to {to}. Stage: {stage}."]
    if meeting_id:
        row = meetings.get(vault, meeting_id)
        if row.child_id != child_id:
            raise Refused("That meeting was about another child. Nothing was recorded.")
        lines.append(f"After the {row.words[:1].lower()}{row.words[1:]} of {day_words(row.day)}.")
    lines += [asked.strip(), f"An answer is asked for by {day_words(due)}."]
    entry = log_concern(vault, {"text": "\n".join(lines), "entry_kind": EntryKind.CHALLENGE}, child_id=child_id)[0]
    after = ladder[ladder.index(stage) + 1 :][:1]
    following = f" If not, the next stage is: {after[0]}." if after else " If not, there is no further stage."
    actions.add(vault, child_id, f"Has {to} answered the challenge?{following}", due=due, about=entry)
    return entry
