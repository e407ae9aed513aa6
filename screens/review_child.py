"""One child's review: the evidence on one side, the questions on the other; recorded child by child (R-81)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Select, Static, TextArea

from practice.errors import ConsoleError
from practice.text import year_words
from practice.vocabulary import Decision
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.drafting import LONGEST, PAUSE, DraftKeeper
from screens.pausing import Pause
from screens.review import Decided, ReviewScreen, Session, due_words
from screens.review_also import AlsoDialog
from screens.review_evidence import evidence_content
from screens.review_status import StatusDialog, StatusSet
from screens.widgets.answer import AnswerField, DayField
from screens.widgets.child_picker import born
from screens.widgets.fields import ChoiceField
from screens.widgets.text import MessageBar, PlainText, StateLine

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.evidence import Evidence
    from storage.views.reviews import PlanRow

MADE_HERE: dict[str, str] = {Decision.CHALLENGE: "challenge", Decision.REFERRAL_SOCIAL_CARE: "referral"}
"""What a decision asks for that is made beside the questions."""


def draft_name(child_id: str) -> str:
    """Return the name under which a child's unfinished review is kept."""
    return f"review-{child_id}"


def loaded(vault: Vault, child_id: str) -> tuple[Evidence, PlanRow | None, dict[str, Any], int]:
    """Return the evidence, the next date proposed, the draft, and how many school days the review is overdue."""
    from practice.reviews import overdue_school_days
    from storage.desk.reviews import proposed_next
    from storage.views.evidence import evidence

    found = evidence(vault, child_id)
    draft = vault.drafts.get(draft_name(child_id))
    today = vault.clock().astimezone().date()
    late = overdue_school_days(found.plan.due, today, vault.calendar()) if found.plan else 0
    return found, proposed_next(vault, child_id), dict(draft.fields) if draft else {}, late


def recorded(
    vault: Vault,
    keeper: DraftKeeper,
    child_id: str,
    decision: str,
    reason: str,
    next_due: date | None,
    answers: dict[str, str],
    session: str = "",
) -> date:
    """Record the review, then forget its draft for good; return the next date."""
    from storage.desk.reviews import hold

    due = hold(vault, child_id, decision, reason, next_due=next_due, answers=answers, session=session)
    keeper.drop()
    return due


class ReviewChildScreen(ConsoleScreen):
    """The evidence, the questions, the decision and the next date of one child."""

    NAME = "review_child"
    HEADING = "Review"
    HELP = (
        "The evidence stands beside the questions; Page Up and Page Down move it. Enter or Tab goes to the next "
        "question, and any may stay blank. A decision and its reason are needed; the next date is proposed. Ctrl+S "
        "records this child and shows the next. Escape leaves; what you typed is kept and put back."
    )
    CSS_PATH = "review.tcss"
    BINDINGS = bindings("review_child")
    awaits_read = True  # the child's draft is put back into the fields, and the next child empties them

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.found: Evidence | None = None
        self._shown = ""
        self._pause = Pause(self, PAUSE, self._seal, longest=LONGEST)
        self._keeper: DraftKeeper | None = None
        self._number = 0
        self._reads = 0
        self._sealed: dict[str, Any] = {}

    @property
    def heading(self) -> str:
        """Say where the walk stands."""
        several = self.session.before + len(self.session.queue) > 1
        return f"Review, {self.session.progress}" if several else "Review"

    def body(self) -> ComposeResult:
        from storage.desk.reviews import QUESTIONS

        with Vertical(id="who"):
            yield PlainText("", id="name")
            yield StateLine("", id="standing")
            yield PlainText("", id="why", classes="muted")
        with Horizontal(id="sides"):
            with VerticalScroll(id="evidence", can_focus=False):
                yield Static("", id="rests-on")
            with Vertical(id="form"):
                for name, question in QUESTIONS:
                    yield PlainText(question, classes="question")
                    yield AnswerField(id=f"answer-{name}")
                yield PlainText("Decision", classes="question -needed")
                yield ChoiceField(Decision.choices(), prompt="Choose a decision", id="decision")
                yield PlainText("Reason, as it will be read later", classes="question -needed")
                yield AnswerField(id="reason")
                yield PlainText("Next review", classes="question -needed")
                yield DayField(id="next")
        yield MessageBar(id="fault")

    # -- what is shown -------------------------------------------------------------------------------------------------

    def refresh_record(self) -> None:
        """Read the child's evidence; what is being typed stays."""
        self._reads += 1
        self.fetch(loaded, self.vault, self.session.child_id, then=partial(self._show, self._reads))

    def _show(self, read: int, result: tuple[Evidence, PlanRow | None, dict[str, Any], int]) -> None:
        found, proposed, draft, late = result
        if read != self._reads:
            return  # read before the child was left for the next one: its draft is older than what was kept since
        self.found = found
        today = self.console.now().date()
        self.query_one("#rests-on", Static).update(evidence_content(found, today))
        self.query_one("#name", PlainText).show(found.child.name)
        self.query_one("#standing", StateLine).say(*standing_words(found, late, today))
        self.query_one("#why", PlainText).show(found.plan.reason if found.plan else "")
        first = self._shown != found.child.id
        field = self.query_one("#next", DayField)
        due, reason = (proposed.due, proposed.reason) if proposed else (None, "")
        if first or not field.by_hand:
            field.propose(due, reason)
        else:
            field.proposed, field.reason = due, reason
        if first:
            self._shown = found.child.id
            self._keeper = DraftKeeper(self.vault, draft_name(self._shown))
            self._put_back(draft)
            self._sealed = self.fields()
        self.refresh_bindings()

    def _put_back(self, draft: dict[str, Any]) -> None:
        answers = draft.get("answers", {})
        for field in self.query(AnswerField):
            name = (field.id or "").removeprefix("answer-")
            field.load_text(str(draft.get("reason", "") if name == "reason" else answers.get(name, "")))
        self.query_one("#decision", ChoiceField).code = str(draft.get("decision", ""))
        if draft.get("next"):
            self.query_one("#next", DayField).text = str(draft["next"])
        said = "What you had typed about this child was put back." if draft else ""
        self.query_one("#fault", MessageBar).say(said)
        self.query_one("#form").scroll_home(animate=False)
        self.query_one("#evidence").scroll_home(animate=False)
        self.query(AnswerField).first().focus()
        self.now_read()

    # -- what was typed ------------------------------------------------------------------------------------------------

    def fields(self) -> dict[str, Any]:
        """Return what was typed; empty where nothing was."""
        fields: dict[str, Any] = {}
        answers = self._answers()
        if answers:
            fields["answers"] = answers
        if reason := self.query_one("#reason", AnswerField).text.strip():
            fields["reason"] = reason
        if code := self.query_one("#decision", ChoiceField).code:
            fields["decision"] = code
        day = self.query_one("#next", DayField)
        if day.by_hand and day.text.strip():
            fields["next"] = day.text
        return fields

    def _answers(self) -> dict[str, str]:
        areas = [area for area in self.query(AnswerField) if area.id != "reason"]
        return {(area.id or "").removeprefix("answer-"): area.text.strip() for area in areas if area.text.strip()}

    def before_lock(self) -> Callable[[], None] | None:
        if not self._shown or self._keeper is None or self.console.vault is None:
            return None
        self._number += 1
        keep = partial(self._keeper.seal, self._number, self.fields())

        def seal() -> None:
            keep()

        return seal

    @on(Select.Changed, "#decision")
    def _decided(self) -> None:
        """Say how what was decided is made from here."""
        code = self.query_one("#decision", ChoiceField).code
        what = MADE_HERE.get(code)
        if what:
            words = f"Ctrl+R, then Enter, makes the {what} from here, with the day for its answer."
            self.query_one("#fault", MessageBar).say(words)

    @on(TextArea.Changed)
    @on(Select.Changed)
    @on(DayField.Read)
    def _typed(self) -> None:
        self._pause.touch()
        bar = self.query_one("#fault", MessageBar)
        if bar.tone == "warn":
            bar.say("")

    def _seal(self) -> None:
        """Keep what was typed since it was last kept; a newer state replaces one that still waits to be written."""
        if (fields := self.fields()) != self._sealed and (call := self.before_lock()) is not None:
            self._sealed = fields
            self.fetch(call, failed=self._not_kept, group="seal")

    def _not_kept(self, error: ConsoleError) -> None:
        self._sealed = {}
        self._refused(error)

    def on_key(self, event: Any) -> None:
        pages = {"pageup": -1, "pagedown": 1}
        if event.key in pages and not isinstance(self.focused, Input):
            side = self.query_one("#evidence", VerticalScroll)
            side.scroll_page_up(animate=False) if event.key == "pageup" else side.scroll_page_down(animate=False)
            event.stop()

    # -- actions -------------------------------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        if self.found is None:
            return "The child is still being read."
        if action_id == "review_child.record" and self.found.plan is None:
            return "This child has no review status yet: Ctrl+T sets one."
        return ""

    def act_record(self) -> None:
        """Record this child's review and go to the next."""
        if self.found is None or self._keeper is None:
            return
        decision = self.query_one("#decision", ChoiceField)
        reason, day = self.query_one("#reason", AnswerField), self.query_one("#next", DayField)
        if not decision.code:
            self._ask("A decision is needed. Nothing is recorded yet.", decision)
        elif not reason.text.strip():
            self._ask("The reason is needed: it is read with the decision. Nothing is recorded yet.", reason)
        elif day.question or day.day is None:
            self._ask(day.question or "Which day comes next?", day.query_one(Input))
        else:
            self._pause.stop()
            next_due = day.day if day.by_hand else None
            said = Decided(self.found.child.name, decision.code, reason.text.strip(), day.day)
            self.await_read()  # keys are meant for the next child
            self.run(
                recorded,
                self.vault,
                self._keeper,
                self.found.child.id,
                decision.code,
                said.reason,
                next_due,
                self._answers(),
                self.session.id,
                then=lambda due: self._recorded(Decided(said.child, said.decision, said.reason, due)),
                failed=self._refused,
            )

    def _ask(self, sentence: str, widget: Any) -> None:
        self.query_one("#fault", MessageBar).say(sentence, "warn")
        widget.focus()

    def _refused(self, error: ConsoleError) -> None:
        self.query_one("#fault", MessageBar).say(f"{error.message} {error.hint}".strip(), "bad")
        self.now_read()

    def _recorded(self, said: Decided) -> None:
        from practice.dates import day_words

        self.session.decided.append(said)
        self.console.say(f"{said.child}: recorded. Next review {day_words(said.next)}.", "Review")
        self._shown = ""
        if self.session.place + 1 < len(self.session.queue):
            self.session.place += 1
            self.found = None
            self.refresh_record()
            self.refresh_chrome()
            return
        self.leave()
        if isinstance(self.app.screen, ReviewScreen):
            self.app.screen.ended()
            self.app.screen.refresh_record()
        if self.session.id:
            self.console.open("minute", session_id=self.session.id)

    def act_skip(self) -> None:
        """Leave this child for later and show the next, once what was typed is kept."""
        if (call := self.before_lock()) is None:
            self._skip()
            return
        self._pause.stop()
        self.await_read()  # keys are meant for the next child
        self.fetch(call, then=lambda _kept: self._skip(), failed=self._not_kept, group="seal")

    def _skip(self) -> None:
        self._shown = ""
        self.session.place = (self.session.place + 1) % len(self.session.queue)
        self.found = None
        self.refresh_record()
        self.refresh_chrome()

    def act_child(self) -> None:
        """Open the child's record."""
        self.console.open("child", child_id=self.session.child_id)

    def act_also(self) -> None:
        """Ask for an action, answer a pattern, share, refer or challenge, and stay in the session."""
        if self.found is not None:
            code = self.query_one("#decision", ChoiceField).code
            first = MADE_HERE.get(code, "action")
            self.app.push_screen(AlsoDialog(self.found, first), self._also)

    def _also(self, words: str | None) -> None:
        if words:
            self.query_one("#fault", MessageBar).say(words, "good")
            self.refresh_record()

    def act_status(self) -> None:
        """Set the status under which this child is reviewed."""
        if self.found is not None:
            self.app.push_screen(StatusDialog(self.found.child), self._set)

    def _set(self, chosen: StatusSet | None) -> None:
        from storage.desk.reviews import set_status

        if chosen is not None:
            self.run(set_status, self.vault, chosen.child_id, chosen.status, chosen.every, then=self._status_set)

    def _status_set(self, _plan: PlanRow) -> None:
        self.console.say("The status was set; the next date follows it.", "Status set")
        self.refresh_record()


def standing_words(found: Evidence, late: int, today: date) -> tuple[str, str]:
    """Say who the child is and where the review stands; and its tone."""
    from practice.vocabulary import ReviewEvery, ReviewStatus, label_of

    child = found.child
    group = child.reg_group or year_words(child.year_group)
    parts = [born(child.date_of_birth), *([group] if group else [])]
    plan = found.plan
    if plan is None:
        return " · ".join([*parts, "no review status yet"]), "warn"
    status = label_of(ReviewStatus, plan.status)
    every = f", {label_of(ReviewEvery, plan.every).lower()}" if plan.every else ""
    parts += [f"{status}{every}", due_words(plan.due, late, today)]
    return " · ".join(parts), "bad" if late else ""
