"""The tables that say where each view and each kind of act is, compared with the modules that they name."""

from __future__ import annotations

import importlib
import inspect

import pytest

from practice import acts
from practice.acts import catalogue as of_acts
from practice.acts.base import Body, read_body
from practice.compartments import ADULTS, CHILDREN
from practice.errors import IntegrityAlarm
from storage.views import base, catalogue


def test_every_view_is_made_by_the_module_that_the_catalogue_names() -> None:
    for name, place in catalogue.PLACES.items():
        made = base.load(name)
        assert made.name == name
        assert made.fold.__module__ == f"storage.views.{place.module}"
        assert made.kinds == place.kinds


def test_every_table_of_a_view_belongs_to_a_view_of_the_catalogue() -> None:
    for compartment, tables in ((CHILDREN, base.ViewTable), (ADULTS, base.AdultsTable)):
        named = {base.table_of(model).name for view in base.views_of(compartment) for model, _ in view.tables}
        assert set(tables.metadata.tables) <= named


def test_every_kind_that_makes_a_view_is_a_kind_of_act_of_its_compartment() -> None:
    for name, place in catalogue.PLACES.items():
        for kind in place.kinds:
            assert acts.KINDS[kind].act_compartments & place.compartments, (name, kind)


def test_acts_find_the_views_that_they_make_and_no_others() -> None:
    assert list(catalogue.made_by({"concern_logged"}, CHILDREN)) == ["entries"]
    assert list(catalogue.made_by({"apart_settled", "child_left"}, CHILDREN)) == ["entries", "children", "reviews"]
    assert list(catalogue.made_by({"concern_logged", "record_opened"}, ADULTS)) == []
    assert list(catalogue.made_by({"person_added"}, ADULTS)) == ["organisation"]


def test_every_kind_of_act_is_found_by_its_name_alone() -> None:
    for name, module in of_acts.MODULE_OF.items():
        assert getattr(acts, name).__module__ == f"practice.acts.{module}"
    for kind, cls in acts.KINDS.items():
        assert of_acts.MODULE_OF[cls.__name__] == cls.__module__.rpartition(".")[2]
        assert "".join(part.capitalize() for part in kind.split("_")) == cls.__name__
    for module in of_acts.NAMES:
        for name, cls in inspect.getmembers(importlib.import_module(f"practice.acts.{module}"), inspect.isclass):
            if issubclass(cls, Body) and cls.__module__ == f"practice.acts.{module}":
                assert of_acts.MODULE_OF[name] == module


def test_everything_that_the_package_offers_is_there() -> None:
    assert {name for name in acts.__all__ if not hasattr(acts, name)} == set()
    with pytest.raises(AttributeError):
        _ = acts.NothingOfTheKind


def test_a_kind_that_this_program_does_not_know_is_said_to_be_so() -> None:
    with pytest.raises(IntegrityAlarm, match="does not know"):
        read_body("nothing_of_the_kind", b"{}")
