"""The roll from a Common Transfer File and from a workbook; hostile files are refused with a sentence."""

from __future__ import annotations

import io
from datetime import date

import pytest
from openpyxl import Workbook

from practice.errors import Refused
from storage.desk.children import import_roster
from storage.roster.reading import read_roster
from storage.vault import Vault
from storage.views import children

PUPIL = """<Pupil><UPN>{upn}</UPN><UniqueLearnerNumber/><Surname>{surname}</Surname><Forename>{forename}</Forename>
<DOB>{born}</DOB><{sex}>F</{sex}>{basic}<LookedAfter/><LeavingDate>2020-07-20</LeavingDate></Pupil>"""
BASIC = (
    "<BasicDetails><FormerUPN/><PreferredForename>Bea</PreferredForename><FormerSurname>Harker</FormerSurname>"
    "{more}</BasicDetails>"
)
YEAR = "<MiddleNames>Ann</MiddleNames><NCyearActual>R</NCyearActual>"


def ctf(*made: str, version: str = "25.0", namespace: str = "", before: str = '<?xml version="1.0"?>') -> bytes:
    return (
        f"{before}<CTfile{namespace}><Header><DocumentName>Common Transfer File</DocumentName>"
        f"<CTFversion>{version}</CTFversion></Header><CTFpupilData>{''.join(made)}</CTFpupilData></CTfile>"
    ).encode()


def pupil(surname: str = "Vale", forename: str = "Beatrix", **fields: str) -> str:
    known = {"upn": "B999200023218", "born": "2016-05-03", "sex": "Sex", "basic": BASIC.format(more=YEAR)} | fields
    return PUPIL.format(surname=surname, forename=forename, **known)


@pytest.mark.parametrize("sex", ["Sex", "Gender"])
@pytest.mark.parametrize("namespace", ["", ' xmlns="http://example.invalid/ctf"'])
@pytest.mark.parametrize("version", ["15.0", "25.0"])
def test_a_pupil_is_read_from_every_version(sex: str, namespace: str, version: str) -> None:
    (row,) = read_roster(ctf(pupil(sex=sex), version=version, namespace=namespace)).rows
    assert (row.legal_surname, row.legal_forename, row.preferred_forename) == ("Vale", "Beatrix", "Bea")
    assert (row.upn, row.date_of_birth, row.sex, row.year_group) == ("B999200023218", date(2016, 5, 3), "F", "R")
    assert (row.former_names, row.middle_names, row.former_upn, row.leaving_date) == ("Harker", "Ann", "", None)


def test_twins_faults_and_encodings_are_survived() -> None:
    twins = [pupil(forename=name, upn="", basic="<BasicDetails/>") for name in ("Ann", "Ben")]
    found = read_roster(ctf(*twins, pupil(surname=""), pupil(upn="B99920002321")))
    assert [row.legal_forename for row in found.rows] == ["Ann", "Ben", "Beatrix"]
    assert [rejected.line for rejected in found.rejected] == [3]
    assert any("UPN" in warning.text for warning in found.warnings)
    for encoding in ("utf-8-sig", "utf-16", "iso-8859-1"):
        text = ctf(pupil(forename="Zoë"), before=f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>')
        assert read_roster(text.decode().encode(encoding)).rows[0].legal_forename == "Zoë"


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><CTfile>&b;</CTfile>',
        b'<!DOCTYPE CTfile SYSTEM "http://example.invalid/x.dtd"><CTfile/>',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><CTfile>&a;</CTfile>',
        b"<?xml version='1.0'?><other/>",
        ctf(pupil())[:-30],
        ctf(),
        b"<CTfile>" + b"<a>" * 100 + b"</a>" * 100 + b"</CTfile>",
        b'<?xml version="1.0" encoding="nothing-such"?><CTfile/>',
    ],
    ids=["entities", "outside", "a file", "no CTF", "cut short", "no pupils", "deep", "no encoding"],
)
def test_a_hostile_or_broken_file_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="Nothing was imported"):
        read_roster(data)


def test_a_workbook_is_read_like_its_csv() -> None:
    book = Workbook()
    for row in (
        ["Oakfield"],
        ["Legal Surname", "Legal Forename", "DOB", "UPN", "Year"],
        ["Vale", "Ann", date(2016, 5, 3), "", 5],
        ["Vale", "Bo", date(2016, 5, 4), "", "=A1"],
    ):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    roster = read_roster(out.getvalue())
    row = roster.rows[0]
    assert [(each.line, "formula" in each.text) for each in roster.warnings if each.line == 4] == [(4, True)]
    assert (row.line, row.legal_surname, row.date_of_birth, row.year_group) == (3, "Vale", date(2016, 5, 3), "5")


def test_former_names_and_a_changed_name_find_the_child_and_a_returner_comes_back(vault: Vault) -> None:
    assert import_roster(vault, ctf(pupil())).joined == 1
    assert import_roster(vault, ctf(pupil())).unchanged == 1
    changed = ctf(pupil(surname="Quill", basic="<BasicDetails><FormerSurname>Lark</FormerSurname></BasicDetails>"))
    assert import_roster(vault, changed).changed == 1
    for name in ("harker", "lark", "beatrix vale", "bea vale", "quill"):
        assert [row.name for row in children.find(vault, name, loosely=False)] == ["Bea Quill"], name
    import_roster(vault, b"Surname,Forename,DOB\nOther,Kim,1/1/2016\n", whole_school=True, confirm_leavers=1)
    assert not children.resolve(vault, "Bea Quill").on_roll
    import_roster(vault, changed)
    assert children.resolve(vault, "Bea Quill").on_roll
    assert vault.verify(rebuild=True).ok


def test_what_is_said_of_a_pupil_names_the_pupil_and_never_a_line(vault: Vault) -> None:
    report = import_roster(vault, ctf(pupil(), pupil()), dry_run=True)
    ((number, reason),) = report.rejected
    assert (report.place(number), report.place(0)) == ("pupil 2", "the file")
    assert reason.endswith(" as pupil 1")
    import_roster(vault, ctf(pupil()))
    left = import_roster(vault, ctf(pupil(surname="Other", forename="Kim")), dry_run=True)
    assert not [text for number, text in left.warnings if "line" in f"{left.place(number)} {text}"]
