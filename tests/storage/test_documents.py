"""Copies that leave: whole, escaped, recorded, readable by their owner alone, and honest about what is not in them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from practice.acts import Amended, Decided, Promoted
from practice.errors import Refused
from practice.initials import written_out
from storage import ledger
from storage.desk import front_sheet, glossary
from storage.documents.blocks import Heading, Para
from storage.documents.csv import safe
from storage.documents.direction import as_written
from storage.documents.export import export, place_caution
from storage.documents.gather import Wanted, gather
from storage.documents.layout import BODY, BOLD, Layout
from storage.documents.pdf import _fonts
from storage.views import record
from tests.conftest import add_child, add_concern

BRACKETS = "She said [he hit me] [Yr 9] <b>x</b> &amp; <para> </td> Zoë Ωμ Żółć"
FORMS = ("pdf", "html", "csv", "json")


@pytest.fixture
def child(vault) -> str:
    return add_child(vault, "Zoë", "O'Brien", date_of_birth="2016-05-03")


def pdf_text(path: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


class Words(HTMLParser):
    """The text of a page, and the tags that it opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags = "", []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


@pytest.fixture
def copied(vault, child, tmp_path):
    """Write a copy in a form, and return what was made."""
    return lambda form, what="record", **more: export(vault, Wanted(child, what, **more), tmp_path / f"copy.{form}")


def exported(vault, child):
    with vault.read() as connection:
        return [act.body for act in ledger.acts_where(connection, "child", [child], ["exported"])]


def test_every_word_stands_whole_in_every_form_and_is_never_markup(vault, child, copied):
    add_concern(vault, child, BRACKETS, childs_words="<i>“no”</i> [red]")
    pages = {form: copied(form).path for form in FORMS}
    words = Words(pages["html"].read_text("utf-8"))
    assert BRACKETS in words.text
    assert "<i>“no”</i> [red]" in words.text
    assert not {"b", "i", "para", "td"} & set(words.tags)
    rows = list(csv.reader(io.StringIO(pages["csv"].read_text("utf-8-sig"))))
    assert rows[1][rows[0].index("Event")] == BRACKETS
    assert json.loads(pages["json"].read_text("utf-8"))["entries"][0]["text"] == BRACKETS
    shown = pdf_text(pages["pdf"])
    assert BRACKETS in shown
    assert "<i>“no”</i> [red]" in shown


def test_each_copy_is_recorded_with_its_hashes_and_only_its_owner_reads_it(vault, child, copied):
    add_concern(vault, child, "Quiet.")
    made = [copied(form) for form in FORMS]
    bodies = exported(vault, child)
    assert [body.sha256 for body in bodies] == [hashlib.sha256(each.path.read_bytes()).hexdigest() for each in made]
    assert len({body.content for body in bodies}) == 1, "one content, whatever its form"
    assert [body.form for body in bodies] == ["PDF", "HTML", "CSV", "JSON"]
    assert bodies[0].entries == 1
    for each in made:
        assert each.path.stat().st_mode & 0o777 == 0o600
    for text in (pdf_text(made[0].path), Words(made[1].path.read_text("utf-8")).text):
        assert made[0].content_sha256 in "".join(text.split())
    assert sorted(path.name for path in made[0].path.parent.glob("*copy*")) == [
        f"copy.{form}" for form in sorted(FORMS)
    ]


def test_where_it_cannot_be_recorded_or_written_no_file_is_left(vault, child, tmp_path, monkeypatch):
    add_concern(vault, child, "Quiet.")

    def refuse(*_args, **_more):
        raise Refused("The record cannot be written.")

    with monkeypatch.context() as broken:
        broken.setattr(vault, "record", refuse)
        with pytest.raises(Refused, match="cannot be written"):
            export(vault, Wanted(child, "record"), tmp_path / "copy.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["vault"]
    for name, said in (("copy.docx", "written as .pdf"), ("no/copy.pdf", "not there"), ("vault/copy.pdf", "inside")):
        with pytest.raises(Refused, match=said):
            export(vault, Wanted(child, "record"), tmp_path / name)
    assert exported(vault, child) == []


def test_nothing_goes_out_before_the_front_sheet_was_read(vault, child, tmp_path):
    front_sheet.add_line(vault, child, "must_not_be_told", name="Sid", words="Risk")
    with pytest.raises(Refused, match="Must not be told: Sid") as held:
        export(vault, Wanted(child, "record"), tmp_path / "copy.html")
    code = held.value.hint.split()[-1].rstrip(".")
    made = export(vault, Wanted(child, "record"), tmp_path / "copy.html", heeded=code)
    assert "Must not be told: Sid. Risk." in made.path.read_text("utf-8")
    assert exported(vault, child)[0].heeded == code


def test_what_is_not_in_a_copy_is_said_in_it(vault, child, copied):
    kept = add_concern(vault, child, "Chosen.", day="2026-11-02")
    add_concern(vault, child, "Not chosen.", day="2026-11-03")
    vault.record(Promoted(reason="It matters", significance="turning_point"), child=child, entry=kept)
    made = copied("html", "chronology", end=date(2026, 11, 30))
    page = made.path.read_text("utf-8")
    assert "Chosen." in page
    assert "Not chosen." not in page
    assert "1 of 2 entries" in page
    assert "Only what happened to Mon 30 Nov 2026 stands here." in page
    assert all(sentence in page for sentence in made.left_out)


def test_a_record_holds_versions_decisions_and_how_late_it_was(vault, child, copied):
    entry = add_concern(vault, child, "First words.", day="2026-11-01")
    sees = record.get(vault, entry).version
    vault.record(Amended(sees=sees, text="Better words.", reason="I saw the note"), child=child, entry=entry)
    vault.record(Decided(decision="early_help", reason="Family agreed"), child=child, entry=entry)
    whole = pdf_text(copied("pdf").path)
    for words in ("First words.", "Better words.", "I saw the note", "Family agreed", "days after"):
        assert words in whole
    chosen = pdf_text(copied("pdf", "chronology", everything=True).path)
    assert "Better words." in chosen
    assert "First words." not in chosen
    assert "Earlier versions of entries, decisions and their reasons" in chosen


def test_the_progress_goes_from_reading_to_laying_out_and_never_back(vault, child, tmp_path):
    glossary.mark(vault, child, "Jo", "Reporter")
    add_concern(vault, child, "Jo rang.")
    heard: list[float] = []
    wanted = Wanted(child, "record", anonymous=True)
    export(vault, wanted, tmp_path / "c.pdf", progress=lambda done, of: heard.append(done / of))
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert any(0 < share <= 0.15 for share in heard), "what is read is heard"
    assert any(0.15 < share <= 0.3 for share in heard), "and what is masked"


def test_a_pdf_has_a_title_a_language_tags_in_order_and_an_outline(vault, child, copied):
    add_concern(vault, child, "Quiet. " * 1200, childs_words="I hid")
    reader = PdfReader(copied("pdf").path)
    root = reader.trailer["/Root"]
    assert reader.metadata.title == "Record: Zoë O'Brien"
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"]
    kids = [kid.get_object() for kid in root["/StructTreeRoot"]["/K"][0].get_object()["/K"]]
    tags = [kid["/S"] for kid in kids]
    assert tags[0] == "/H1"
    assert {"/H2", "/H3", "/P", "/BlockQuote"} <= set(tags)
    over_pages = [kid for kid in kids if len({mark.raw_get("/Pg").idnum for mark in kid["/K"]}) > 1]
    assert over_pages, "a paragraph over two pages is one element"
    parents = root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    assert [page["/StructParents"] for page in reader.pages] == list(parents[::2])
    assert [item.title for item in reader.outline if not isinstance(item, list)]
    assert f"Page 1 of {len(reader.pages)}" in reader.pages[0].extract_text()


def test_a_letter_that_the_font_lacks_is_printed_as_its_number_and_said(vault, child, copied):
    add_concern(vault, child, "A note: 中 and \u202eback.")
    shown = pdf_text(copied("pdf").path)
    assert "⟦U+4E2D⟧" in shown
    assert "One letter is printed as its number" in shown
    assert "⟦RLO⟧" in shown


def test_names_from_right_to_left_are_joined_and_in_the_order_in_which_they_are_read(vault, child, copied):
    layout = Layout(*_fonts())
    assert layout.line("נור רכב") == "בכר רונ"
    assert layout.line("Kit met נור (her aunt) at 9:10.") == "Kit met רונ (her aunt) at 9:10."
    assert layout.line("نور") == "\ufead\ufeee\ufee7", "initial, final and alone, seen from the left"
    assert layout.line("محمّد") == "\ufeaa\u0651\ufee4\ufea4\ufee3", "a mark stands over its own letter"
    assert layout.line("café") == "café"
    add_concern(vault, child, "Aunt نور الهدى rang; שרה was there.")
    made = copied("pdf")
    page = PdfReader(made.path).pages[0]
    assert "number, such as" not in page.extract_text()
    written = "Aunt نور الهدى rang; שרה was there.".encode("utf-16-be").hex()
    assert written.encode() in page.get_contents().get_data(), "a screen reader hears it as it was written"
    assert '<p dir="auto">Aunt نور' in copied("html").path.read_text("utf-8")


def test_no_heading_is_the_last_of_its_page():
    for above in range(30, 44):
        filled = [Para(f"Line {number}") for number in range(above)]
        laid = Layout(*_fonts()).run([*filled, Heading(2, "Sample file"), Heading(3, "1. Tuesday"), Para("She said")])
        assert len(laid.pages) in (1, 2)
        assert all(page[-1].tag == "P" for page in laid.pages), above


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("نور الهدى محمّدپשרהם ab(1)٣ .é\u0301"), max_size=80), st.integers(60, 400))
def test_no_letter_from_right_to_left_is_lost(text, room):
    layout = Layout(*_fonts())
    lines = layout.broken(text, BODY, 9.5, room)
    written = "".join(layout.laid.written.get(line, line) for line in lines)
    assert sorted("".join(as_written(written).split())) == sorted("".join(as_written(text).split()))
    for line in lines:
        seen = "".join(line.split())
        assert sorted(as_written(seen)) == sorted(as_written("".join(layout.laid.written.get(line, line).split())))


def test_initials_are_written_out_but_never_in_a_childs_words(vault, child, copied):
    add_concern(vault, child, "DSL rang MASH; the DSL waited. MASHED.", childs_words="DSL was kind")
    page = Words(copied("html").path.read_text("utf-8")).text
    assert (
        "DSL [Designated Safeguarding Lead] rang MASH [Multi-Agency Safeguarding Hub]; the DSL waited. MASHED." in page
    )
    assert "DSL was kind" in page
    assert "Initials in this copy" in page
    assert json.loads(copied("json").path.read_text("utf-8"))["initials"]["DSL"] == "Designated Safeguarding Lead"


PIECES = ["DSL", "CP", " ", "(", "[x]", "a", "-", "DSL [Lead]", "\n", "é"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_writing_initials_out_never_loses_a_letter(text):
    used: dict[str, str] = {}
    made = written_out(text, used, {"DSL": "Lead", "CP": "child protection"})
    assert re.sub(r" \[(Lead|child protection)\]", "", made) == re.sub(r" \[(Lead|child protection)\]", "", text)


@pytest.mark.parametrize("cell", ["=1+1", "+44 7", "-2", "@x", "\t=1", "\r=1", " =1", "\ufeff=1", "＝1"])
def test_no_cell_is_a_formula(cell):
    assert safe(cell) == "'" + cell
    assert safe("a" + cell) == "a" + cell


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(60, 400))
def test_lines_lose_no_letter_and_fit(text, room):
    layout = Layout(*_fonts())
    lines = layout.broken(text, BODY, 9.5, room)
    kept = layout.printable(text).replace("\t", "    ")
    written = "".join(layout.laid.written.get(line, line) for line in lines)
    assert sorted("".join(as_written(written).split())) == sorted("".join(as_written(kept).split()))
    assert layout.laid.written or "".join("".join(lines).split()) == "".join(kept.split())
    assert all(layout.width(line, BODY) * 9.5 / 1000 <= room + 0.01 for line in lines if len(line) > 1)
    assert BOLD in layout.fonts


def test_a_front_sheet_goes_out_alone(vault, child, copied):
    add_concern(vault, child, "Quiet.")
    front_sheet.add_line(vault, child, "professional", name="=T. Ray", agency="Health")
    rows = list(csv.reader(io.StringIO(copied("csv", "front_sheet").path.read_text("utf-8-sig"))))
    assert rows[1][:4] == ["Professional", "'=T. Ray", "", "Health"]
    assert "Quiet." not in copied("html", "front_sheet").path.read_text("utf-8")


def test_a_supervision_sheet_leaves_room_to_write(vault, child, copied):
    entry = add_concern(vault, child, "Quiet.")
    vault.record(Promoted(reason="It matters"), child=child, entry=entry)
    assert "Agreed, by whom and when" in pdf_text(copied("pdf", "supervision").path)


def test_a_folder_that_a_cloud_copies_draws_a_caution(tmp_path):
    assert place_caution(tmp_path / "copy.pdf") == ""
    assert "cloud" in place_caution(tmp_path / "Dropbox" / "copy.pdf")


def test_the_hash_is_of_the_content(vault, child):
    add_concern(vault, child, "Quiet.")
    first = gather(vault, Wanted(child, "record")).digest
    assert gather(vault, Wanted(child, "record")).digest == first
    add_concern(vault, child, "Loud.")
    assert gather(vault, Wanted(child, "record")).digest != first


def test_what_its_owner_lets_nobody_pass_on_is_left_out_and_said(vault, child, copied):
    from storage.desk.merging import import_chronology

    add_concern(vault, child, "Our own.")
    theirs = b"Date,Event\n01/11/2026,What the police know.\n"
    import_chronology(vault, theirs, child_id=child, source="Northshire Police", on_share="never")
    page = copied("html").path.read_text("utf-8")
    assert "Our own." in page
    assert "What the police know." not in page
    assert "1 entry from Northshire Police left out" in page
