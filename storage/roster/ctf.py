"""Reading pupils from a Common Transfer File, versions 15 to 25, with and without a namespace (practice: §10).

A document type, entities and references outside the file are refused. Empty nodes say nothing. A leaving date there is
that of the school which sent the file, so it is not taken for one of ours.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import Any

from practice.errors import Refused
from storage.roster.table import FILE_LIMIT

_NOTHING = "Nothing was imported."
_DEEPEST = 60
_FIELDS: dict[str, tuple[str, ...]] = {
    "upn": ("UPN",),
    "uln": ("UniqueLearnerNumber",),
    "legal_surname": ("Surname",),
    "legal_forename": ("Forename",),
    "date_of_birth": ("DOB",),
    "sex": ("Sex", "Gender"),
    "former_upn": ("BasicDetails/FormerUPN", "FormerUPN"),
    "preferred_surname": ("BasicDetails/PreferredSurname", "PreferredSurname"),
    "preferred_forename": ("BasicDetails/PreferredForename", "PreferredForename"),
    "former_names": ("BasicDetails/FormerSurname", "BasicDetails/FormerForename", "BasicDetails/FormerName"),
    "middle_names": ("BasicDetails/MiddleNames", "MiddleNames"),
    "year_group": ("BasicDetails/NCyearActual", "NCyearActual"),
    "ethnicity": ("BasicDetails/Ethnicity", "Ethnicity"),
    "admission_number": ("BasicDetails/AdmissionNumber", "AdmissionNumber"),
}
"""Where each field stands in a pupil; of several places the first that says something, and of former names all."""
COLUMNS = {name: places[0] for name, places in _FIELDS.items()}


def is_xml(data: bytes) -> bool:
    """Say whether the file begins as XML does, whatever its encoding."""
    head = data[:200]
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        head = head.removeprefix(mark)
    return head.replace(b"\x00", b"").lstrip().startswith((b"<?xml", b"<CTfile", b"<!DOCTYPE", b"<!--"))


def pupils(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield each pupil's place in the file, from 1, and the values of COLUMNS; raises Refused."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException

    if len(data) > FILE_LIMIT:
        raise Refused(f"The file is larger than {FILE_LIMIT // 1024**2} MiB. {_NOTHING}", hint="Export pupils only.")
    try:
        yield from _pupils(data)
    except DefusedXmlException:
        raise Refused(
            f"The file has a document type, entities or outside references, which no transfer file has. {_NOTHING}",
            hint="Ask whoever sent it for the file as their system wrote it.",
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        raise Refused(
            f"The file is not whole XML ({type(error).__name__}). {_NOTHING}", hint="Export or download it again."
        ) from None


def _pupils(data: bytes) -> Iterator[tuple[int, list[str]]]:
    from defusedxml.ElementTree import iterparse

    stack: list[Any] = []
    place = 0
    for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
        if event == "start":
            if not stack and _local(element) != "ctfile":
                raise Refused(
                    f"The file is XML, but no Common Transfer File. {_NOTHING}", hint="Its root would be CTfile."
                )
            stack.append(element)
            if len(stack) > _DEEPEST:
                raise Refused(f"The file is nested deeper than any transfer file. {_NOTHING}")
            continue
        stack.pop()
        if _local(element) == "pupil" and stack and _local(stack[-1]) == "ctfpupildata":
            place += 1
            yield place, _values(element)
            element.clear()
            stack[-1].clear()
    if not place:
        raise Refused(f"The file holds no pupils. {_NOTHING}", hint="Export it again, with its pupils.")


def _local(element: Any) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2].casefold()


def _values(pupil: Any) -> list[str]:
    by_path: dict[str, str] = {}
    for child in pupil:
        name = _local(child)
        by_path.setdefault(name, (child.text or "").strip())
        if name == "basicdetails":
            for each in child:
                by_path.setdefault(f"{name}/{_local(each)}", (each.text or "").strip())
    values = []
    for name, places in _FIELDS.items():
        said = [by_path[place.casefold()] for place in places if by_path.get(place.casefold())]
        values.append("; ".join(said) if name == "former_names" else said[0] if said else "")
    return values
