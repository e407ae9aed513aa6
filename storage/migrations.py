"""The steps by which a compartment's database came to its present shape; `storage.shape` takes them in their order."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from practice.compartments import ADULTS, CHILDREN
from storage import chain, ledger
from storage.views.base import children_tables, fold_again

Step = Callable[[Connection], None]
STEPS: list[tuple[str, Step]] = []
ADULTS_STEPS: list[tuple[str, Step]] = []


def step(run: Step) -> Step:
    """Register the next step of the children's database; its name is its record."""
    STEPS.append((run.__name__, run))
    return run


def adults_step(run: Step) -> Step:
    """Register the next step of the adults' database."""
    ADULTS_STEPS.append((run.__name__, run))
    return run


def steps_of(compartment: str) -> list[tuple[str, Step]]:
    """Return every step that a compartment's database takes, in their order."""
    return STEPS if compartment == CHILDREN else ADULTS_STEPS


@step
def first_shape(connection: Connection) -> None:
    """The ledger, the secrets, the outbox, the views and the search index."""
    from storage import outbox, secrets_table
    from storage.shape import make_views

    for statement in (*ledger.SCHEMA, *secrets_table.SCHEMA, *outbox.SCHEMA):
        connection.exec_driver_sql(statement)
    make_views(connection)


@step
def sealed_reports(connection: Connection) -> None:
    """The table of sealed reports."""
    from storage.views.base import table_of
    from storage.views.reports import ReportTable

    table_of(ReportTable).create(connection, checkfirst=True)


@step
def children_given_and_cover(connection: Connection) -> None:
    """The lists of read-only people, and who covers whom."""
    from storage.views.base import table_of
    from storage.views.organisation import CoverTable, GrantTable

    for model in (GrantTable, CoverTable):
        table_of(model).create(connection, checkfirst=True)


@step
def quick_lists(connection: Connection) -> None:
    """The indexes over the entries that the lists stand on."""
    from storage.views.entry_tables import LIST_INDEXES

    for statement in LIST_INDEXES:
        connection.exec_driver_sql(statement)


@step
def front_sheets(connection: Connection) -> None:
    """The lines of the children's front sheets."""
    from storage.views.base import table_of
    from storage.views.front_sheet import FrontLineTable

    table_of(FrontLineTable).create(connection, checkfirst=True)


@step
def corrections(connection: Connection) -> None:
    """The share that a share corrects."""
    columns = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(shares)")}
    if "corrects" not in columns:  # a database that is made now has it from its first step
        connection.exec_driver_sql("ALTER TABLE shares ADD COLUMN corrects TEXT NOT NULL DEFAULT ''")


@step
def agreements(connection: Connection) -> None:
    """What both sides sign of an agreement."""
    columns = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(contracts)")}
    for name in ("retention", "standing", "digest"):
        if name not in columns:
            connection.exec_driver_sql(f"ALTER TABLE contracts ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")


@step
def several_machines(connection: Connection) -> None:
    """The list of machines, the acts that wait for a missing part, and which files were taken in."""
    from storage.replication import waiting
    from storage.views.base import table_of
    from storage.views.machines import MachineTable

    for statement in waiting.SCHEMA:
        connection.exec_driver_sql(statement)
    table_of(MachineTable).create(connection, checkfirst=True)
    columns = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(acts)")}
    if "ordered_at" not in columns:
        connection.exec_driver_sql("ALTER TABLE acts ADD COLUMN ordered_at TEXT")


@step
def pattern_flags(connection: Connection) -> None:
    """What was answered to flags, and the caches in which they are kept."""
    from storage import flags
    from storage.views.base import table_of
    from storage.views.flags import AnswerTable

    table_of(AnswerTable).create(connection, checkfirst=True)
    for statement in flags.SCHEMA:
        connection.exec_driver_sql(statement)


@step
def made_in_two_places(connection: Connection) -> None:
    """What was made on two machines apart, who set which of it aside, and the order of acts under wrong clocks."""
    from storage.views.base import apply, table_of
    from storage.views.entry_tables import ApartTable
    from storage.views.reviews import ApartReviewTable
    from storage.views.searched import index_as_seen

    index_as_seen(connection)  # a fold of entries writes into that index
    for model in (ApartTable, ApartReviewTable):
        table_of(model).create(connection, checkfirst=True)
    for table in ("entry_versions", "decisions"):
        columns = {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}
        if "set_aside" not in columns:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN set_aside TEXT")
    _name_sessions(connection)  # a fold of reviews writes into that column
    _number_cases(connection)  # and one of what arrived into these
    _sharing_columns(connection)  # and one of shares into these
    if not connection.exec_driver_sql("SELECT count(*) FROM acts WHERE kind = 'machine_heard'").scalar_one():
        moved = chain.set_order(connection)
        children_tables().create_all(connection)  # a fold may write into a table that a later step adds
        apply(connection, moved, again=True)


@step
def unfinished_lists(connection: Connection) -> None:
    """The entries folded again, since what was filled in or amended is not asked for any more, and their index."""
    from storage.views.entries import ENTRIES
    from storage.views.entry_tables import LIST_INDEXES
    from storage.views.searched import index_as_seen

    children_tables().create_all(connection)  # a fold may write into a table that a later step adds
    index_as_seen(connection)
    fold_again(connection, ENTRIES)
    for statement in LIST_INDEXES:
        connection.exec_driver_sql(statement)


@step
def actions_to_do(connection: Connection) -> None:
    """What is to be done, by whom and by when."""
    from storage.views.actions import ActionTable
    from storage.views.base import table_of

    table_of(ActionTable).create(connection, checkfirst=True)


@step
def entry_removals(connection: Connection) -> None:
    """The proposals to remove an entry, and the tombstones."""
    from storage.views.base import table_of
    from storage.views.removals import RemovalTable

    table_of(RemovalTable).create(connection, checkfirst=True)


@step
def review_sessions(connection: Connection) -> None:
    """Review sessions, and of which one a review was part."""
    from storage.views.base import table_of
    from storage.views.sessions import SessionTable

    table_of(SessionTable).create(connection, checkfirst=True)
    _name_sessions(connection)


def _name_sessions(connection: Connection) -> None:
    columns = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(reviews_held)")}
    if "session" not in columns:  # a database that is made now has it from its first step
        connection.exec_driver_sql("ALTER TABLE reviews_held ADD COLUMN session TEXT NOT NULL DEFAULT ''")


@step
def body_maps(connection: Connection) -> None:
    """The body maps of entries."""
    from storage.views.base import table_of
    from storage.views.body_maps import BodyMapTable

    table_of(BodyMapTable).create(connection, checkfirst=True)


@step
def merged_chronologies(connection: Connection) -> None:
    """Where entries stand in other agencies' chronologies, and which tell of the same event."""
    from storage.views.base import table_of
    from storage.views.entry_tables import ImportTable
    from storage.views.links import LinkTable

    for model in (ImportTable, LinkTable):
        table_of(model).create(connection, checkfirst=True)


@step
def counted_by_category(connection: Connection) -> None:
    """The index from which Today counts the concerns of each week by their category."""
    from storage.views.entry_tables import LIST_INDEXES

    connection.exec_driver_sql("DROP INDEX IF EXISTS entries_by_kind")
    for statement in LIST_INDEXES:
        connection.exec_driver_sql(statement)


@step
def holidays_and_supervision(connection: Connection) -> None:
    """How children are looked after over a holiday, and the notes of supervision."""
    from storage.views.base import table_of
    from storage.views.holidays import HolidayTable, SupervisionTable

    for model in (HolidayTable, SupervisionTable):
        table_of(model).create(connection, checkfirst=True)


@step
def glossaries(connection: Connection) -> None:
    """A table of masks, which `masks_from_the_acts` takes away again."""


@step
def quality_audits(connection: Connection) -> None:
    """The record-quality audits and their ratings."""
    from storage.views.base import table_of
    from storage.views.quality import QualityAuditTable, QualityRatingTable

    for model in (QualityAuditTable, QualityRatingTable):
        table_of(model).create(connection, checkfirst=True)


@step
def names_of_before(connection: Connection) -> None:
    """The children folded again: a name that was changed still finds its child."""
    from storage.views.children import CHILDREN as FOLDED

    fold_again(connection, FOLDED)


@step
def moved_acts(connection: Connection) -> None:
    """As what an act was signed that was moved into another chain."""
    from storage.replication import waiting

    for statement in waiting.SCHEMA:
        connection.exec_driver_sql(statement)


@step
def cases_with_partners(connection: Connection) -> None:
    """Which child partners mean, and under which case their entries came."""
    from storage.views.arrivals import ITEMS
    from storage.views.base import table_of
    from storage.views.cases import CaseTable

    table_of(CaseTable).create(connection, checkfirst=True)
    _number_cases(connection)
    fold_again(connection, ITEMS)


def _number_cases(connection: Connection) -> None:
    columns = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(items)")}
    for name in ("case_number", "landed"):
        if name not in columns:
            connection.exec_driver_sql(f"ALTER TABLE items ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")
    connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS ix_items_case_number ON items (case_number)")


@step
def meetings_and_transfers(connection: Connection) -> None:
    """Meetings about children, the files of those who left or joined, and who is whose brother or sister."""
    from storage.views.base import table_of
    from storage.views.meetings import MeetingTable
    from storage.views.transfers import TransferTable

    for model in (MeetingTable, TransferTable):
        table_of(model).create(connection, checkfirst=True)
    connection.exec_driver_sql(
        "CREATE INDEX IF NOT EXISTS front_sheet_lines_by_other"
        " ON front_sheet_lines (other_child) WHERE other_child <> ''"
    )


@step
def urgent_and_second_approvals(connection: Connection) -> None:
    """What is urgent, who approved first, whether it may be shared on, and whom to ring at a partner's."""
    _sharing_columns(connection)


def _sharing_columns(connection: Connection) -> None:
    text = "TEXT NOT NULL DEFAULT ''"
    wanted = {
        "shares": {
            "urgent": "INTEGER NOT NULL DEFAULT 0",
            "agreed_by": text,
            "alone": text,
            "heeded": text,
            "recovered": text,
        }
        | {"on_share": "TEXT NOT NULL DEFAULT 'ask'"},
        "partners": {"contact": text, "telephone": text},
    }
    for table, columns in wanted.items():
        there = {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}
        for name, shape in columns.items():
            if name not in there:
                connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {name} {shape}")


@step
def visit_sets(connection: Connection) -> None:
    """The visit sets that are out, and what became of each."""
    from storage.views.base import table_of
    from storage.views.visits import VisitTable

    table_of(VisitTable).create(connection, checkfirst=True)


@step
def erasures(connection: Connection) -> None:
    """The erasures of children's records, and the holds that forbid them."""
    from storage.replication import waiting
    from storage.views.base import table_of
    from storage.views.erasures import ErasureTable, HoldTable

    for statement in waiting.SCHEMA:
        connection.exec_driver_sql(statement)
    for model in (ErasureTable, HoldTable):
        table_of(model).create(connection, checkfirst=True)


@step
def flags_entry_by_entry(connection: Connection) -> None:
    """The cache of flags made anew: each flag's entries stand one by one, so that one more is one row more."""
    from storage import flags

    flags.make_afresh(connection)


@step
def answers_and_what_was_heeded(connection: Connection) -> None:
    """Which entry answers which, what was read when a share was approved, and whom a police notice was told to."""
    from storage.views.base import table_of
    from storage.views.entries import ENTRIES, NOTICE
    from storage.views.entry_tables import AnswerTable
    from storage.views.searched import index_as_seen
    from storage.views.sharing_tables import SHARES

    index_as_seen(connection)
    table_of(AnswerTable).create(connection, checkfirst=True)
    _sharing_columns(connection)
    fold_again(connection, SHARES)
    fold_again(connection, ENTRIES, f"WHERE kind = '{NOTICE}' AND agency <> ''")


@step
def ways_to_partners(connection: Connection) -> None:
    """Which way messages to a partner go, where it is not the hub."""
    from storage.views.base import table_of
    from storage.views.sharing_tables import WayTable

    table_of(WayTable).create(connection, checkfirst=True)


@step
def recovered_shares(connection: Connection) -> None:
    """What came back from a partner after a restore."""
    _sharing_columns(connection)


@step
def words_as_seen(connection: Connection) -> None:
    """The search index made anew, and children folded again: nothing invisible hides a word or a name any more."""
    from storage.views.children import CHILDREN as FOLDED
    from storage.views.searched import index_as_seen

    index_as_seen(connection)
    fold_again(connection, FOLDED, "WHERE sort_name GLOB '*[^ -~]*'")


@step
def masks_from_the_acts(connection: Connection) -> None:
    """The masks of names are read from the acts, which alone say when each was given."""
    connection.exec_driver_sql("DROP TABLE IF EXISTS glossary")


@step
def messages_by_share(connection: Connection) -> None:
    """What waits or went is found by its share, and shares by where they stand, without reading all of them."""
    from storage import outbox
    from storage.views.base import table_of
    from storage.views.sharing_tables import ShareTable

    for statement in outbox.INDEXES:
        connection.exec_driver_sql(statement)
    for index in table_of(ShareTable).indexes:
        index.create(connection, checkfirst=True)


@step
def answers_with_their_day(connection: Connection) -> None:
    """When it was recorded that somebody told a reporter what was done."""
    from storage.views.reports import REPORTS

    fold_again(connection, REPORTS, "WHERE answers <> '[]'")


@step
def taken_back_to_be_read(connection: Connection) -> None:
    """Whether somebody has read that a partner took an entry back, and those entries by an index of their own."""
    from storage.views.arrivals import ITEMS, ItemTable
    from storage.views.base import table_of

    for index in table_of(ItemTable).indexes:
        index.create(connection, checkfirst=True)
    fold_again(connection, ITEMS, "WHERE state = 'withdrawn'")


@adults_step
def first_shape_of_the_register(connection: Connection) -> None:
    """The ledger, the secrets, the room that its file keeps free, and the views."""
    from storage import reserve, secrets_table
    from storage.shape import make_views

    for statement in (*ledger.SCHEMA, *secrets_table.SCHEMA, *reserve.SCHEMA):
        connection.exec_driver_sql(statement)
    make_views(connection, ADULTS)


@adults_step
def register_on_other_machines(connection: Connection) -> None:
    """What waits for its part of a chain, and this machine's own notes, for a register that travels."""
    from storage.replication import waiting

    for statement in waiting.SCHEMA:
        connection.exec_driver_sql(statement)


@adults_step
def rationale_of_an_allegation(connection: Connection) -> None:
    """Why it was decided that a concern may meet the harm threshold, in a column of its own."""
    from storage.views.register_tables import ENTRIES_VIEW

    columns = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(register_entries)")}
    if "rationale" not in columns:  # a database that is made now has it from its first step
        connection.exec_driver_sql("ALTER TABLE register_entries ADD COLUMN rationale TEXT NOT NULL DEFAULT ''")
    fold_again(connection, ENTRIES_VIEW, "WHERE opened_from <> ''")


@adults_step
def register_answers_with_their_day(connection: Connection) -> None:
    """When it was recorded that somebody told the writer of a report what was done."""
    from storage.views.register_tables import REPORTS_VIEW

    fold_again(connection, REPORTS_VIEW, "WHERE answers <> '[]'")
