"""The visit set on this laptop: how long it is open, whose records it holds, and how it comes home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from practice.text import visible
from practice.visits import left_words
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.fields import Field
from screens.widgets.text import MessageBar, PlainText
from screens.wording import moment_words

if TYPE_CHECKING:
    from storage.vault import Vault

HOME = (
    "Everything that you record here is sealed for the school at once. To bring it home, exit (Ctrl+Q) and take this "
    "folder to the school's machine: «Vault: Visits», r. From a laptop's own disk, dsl-console visit end --to STICK "
    "puts it on a stick and removes everything here."
)
BACK = "This laptop's clock stands before what the set has seen, so the time that it has seen counts."


@dataclass(frozen=True)
class Here:
    """What the screen shows."""

    ends: datetime
    left: str
    children: tuple[str, ...]
    recorded: int
    folder: str
    clock_back: bool


def here_in(vault: Vault) -> Here:
    """Read what there is to say of the set that is open here; blocks."""
    from storage.views import children

    assert vault.visit is not None
    visit = vault.visit
    with vault.read() as connection:
        recorded = connection.exec_driver_sql(
            "SELECT count(*) FROM acts WHERE device = ? AND child IS NOT NULL AND kind != 'record_opened'",
            (visit.terms.device,),
        ).scalar_one()
    names = tuple(sorted(children.get(vault, child).told_apart for child in visit.children))
    left = left_words(visit.terms.ends, visit.now())
    return Here(visit.terms.ends, left, names, int(recorded), str(vault.folder), visit.clock_back)


class VisitHereScreen(ConsoleScreen):
    """The set that is open on this laptop."""

    NAME = "visit_here"
    HEADING = "This visit"
    HELP = "How long this visit set is still open, whose records it holds, and how what you record comes home."
    CSS_PATH = "visits.tcss"
    BINDINGS = bindings("visit_here")

    def body(self) -> ComposeResult:
        yield MessageBar(id="done")
        with VerticalScroll():
            yield Field("Open until", PlainText("", id="until"))
            yield Field("Children", PlainText("", id="children"))
            yield Field("Recorded here", PlainText("", id="recorded"))
            yield Field("Folder", PlainText("", id="folder"))
            yield PlainText(HOME, id="home")

    def refresh_record(self) -> None:
        """Read how the set stands."""
        if self.console.vault is not None:
            self.fetch(here_in, self.vault, then=self._show)

    def _show(self, here: Here) -> None:
        self.query_one("#until", PlainText).show(f"{moment_words(here.ends)}: {here.left} left")
        self.query_one("#children", PlainText).show("\n".join(visible(name) for name in here.children))
        count = here.recorded
        self.query_one("#recorded", PlainText).show(f"{count} act{'s' if count != 1 else ''}, sealed for the school")
        self.query_one("#folder", PlainText).show(here.folder)
        self.query_one("#done", MessageBar).say(BACK if here.clock_back else "", "warn")
