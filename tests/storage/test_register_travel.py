"""The adults' register travels to no machine unless the headteacher says so, and opens there for its holders alone."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from practice import acts
from practice.acts import AdultAdded, MachineHeard
from practice.compartments import ADULTS
from practice.errors import NotAllowed, NotFound, Refused
from storage import carrying, joining, machines, register, register_travel, rotation, secrets_table
from storage.desk import register as desk
from storage.ids import new_id
from storage.keys import FLOOR
from storage.people import add_person
from storage.register import create_with, open_with
from storage.replication import bundle, exchange
from storage.unlocking import unlock
from storage.vault import open_vault
from storage.views.base import contents
from tests.conftest import PASSPHRASE
from tests.storage.machines import Clock

HEAD = "seven tall paper boats"
SECRET = "Mx Invented Name"


@pytest.fixture(scope="module")
def template(vault_template, tmp_path_factory):
    """A school whose headteacher has a register, on two machines."""
    folder = tmp_path_factory.mktemp("travel")
    clock = Clock(datetime(2026, 11, 16, 8, tzinfo=UTC))
    shutil.copytree(vault_template, folder / "office")
    with open_vault(folder / "office", passphrase=PASSPHRASE, clock=clock) as dsl:
        add_person(dsl, "Hana Reed", "head", HEAD, FLOOR)
    shared = folder / "shared"
    shared.mkdir()
    with open_vault(folder / "office", passphrase=HEAD, user="Hana Reed", clock=clock) as head:
        opened, _code = create_with(head, head.person_keys)
        with opened:
            opened.record(AdultAdded(name=SECRET), entry=new_id())
        made = joining.invite(head, shared, "Laptop", "Office")
        joining.ask(shared, made.code, folder / "laptop", clock())
        joining.welcome(head, shared, joining.request(head, shared))
    laptop, _ = joining.join(shared, made.code, folder / "laptop", passphrase=HEAD, user="Hana Reed", clock=clock)
    laptop.close()
    return folder, {"head": unlock(folder / "office", HEAD, "Hana Reed")}


@pytest.fixture
def school(template, tmp_path):
    """The two machines, opened by the headteacher, and the folder that they share."""
    folder, unlocked = template
    vaults = []
    for name in ("office", "laptop"):
        place = shutil.copytree(folder / name, tmp_path / name)
        vaults.append(open_vault(place, unlocked=unlocked["head"], clock=Clock(datetime(2026, 11, 17, 8, tzinfo=UTC))))
    shared = tmp_path / "shared"
    shared.mkdir()
    yield (*vaults, shared)
    for each in vaults:
        each.close()


def own(vault):
    return open_with(vault, vault.person_keys)


def of_register(vault, files):
    """What these files hold for this machine of the register, opened with all that it has but the register's key."""
    found = []
    with vault.read() as connection:
        me = exchange.me(connection)
    for path in files:
        cover = bundle.read(path.read_bytes())
        if me.machine not in cover.readers:
            continue
        with vault.read() as connection:
            front, secret = bundle.open_front(cover, me, exchange.sender_of(connection, cover.machine))
            carry = secrets_table.get(connection, exchange.CARRY + front.carry)
        back = bundle.open_back(cover, secret, carry)
        kinds = {line.kind for line in back.lines}
        assert not {kind for kind in kinds if acts.KINDS[kind].act_compartments == {ADULTS}}
        found.append(back.register)
    return found


def carry(shared, *vaults):
    for each in vaults:
        carrying.sync(each, shared)


def test_unsaid_it_is_in_no_bundle_and_opens_nowhere_else(school):
    office, laptop, shared = school
    with own(office) as opened:
        opened.record(AdultAdded(name="Another Invented"), entry=new_id())
    carry(shared, office, laptop, office, laptop)
    carrying.write_file(office, shared / "stick.file", everything=True)
    files = [*shared.glob("*.dslm"), *shared.glob("stick*")]
    assert len(files) >= 2
    for each in (office, laptop):
        assert not any(of_register(each, files))
        assert not list((each.folder / "spool" / "register" / "out").iterdir())
    with pytest.raises(NotFound, match="does not travel to this one"):
        own(laptop)
    assert not (laptop.folder / "adults.db").exists()


def test_it_goes_to_the_machine_that_the_head_names_and_what_is_done_there_comes_home(school):
    office, laptop, shared = school
    with own(office) as opened:
        assert [(row.name, yes) for row, yes in register_travel.travels(opened)] == [("Laptop", False)]
        register_travel.set_travels(opened, "Laptop", True)
    carry(shared, office, laptop)
    assert any(of_register(laptop, shared.glob("*.dslm"))), "the control: it is in a bundle now"
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in shared.iterdir())
    with own(laptop) as there:
        assert register_travel.home_of(there)
        assert SECRET in str(contents_of(there))
        desk.opened(there, "list")
        there.record(AdultAdded(name="Written on the laptop"), entry=new_id())
        with pytest.raises(Refused, match="stands on «Office»"):
            rotation.rotate(there, "Not here.")
        with pytest.raises(Refused, match="stands on «Office»"):
            register.grant(there, "Robin Vale")
        assert there.verify(rebuild=True, signatures=True).ok
    carry(shared, laptop, office)
    with own(office) as opened:
        opened.record(AdultAdded(name="Then at the desk"), entry=new_id())
        assert "Written on the laptop" in str(contents_of(opened))
        assert "adult_read" in {row.kind for row in desk.trail(opened)}, "reading there is known here"
        assert opened.verify(rebuild=True, signatures=True).ok
    carry(shared, office, laptop, office, laptop)
    with own(office) as here, own(laptop) as there:
        assert contents_of(here) == contents_of(there)
    assert len(list(shared.glob("*.dslm"))) < 14, "what was laid before is taken away again"


def contents_of(opened):
    with opened.read() as connection:
        return contents(connection, ADULTS)


def test_a_copy_follows_new_keys_and_said_off_it_stops(school, template):
    office, laptop, shared = school
    with own(office) as opened:
        register_travel.set_travels(opened, "Laptop", True)
    carry(shared, office, laptop)
    with own(laptop) as there:
        there.record(AdultAdded(name="Before the new keys"), entry=new_id())
    with own(office) as opened:
        rotation.rotate(opened, "Yearly.")
        opened.record(AdultAdded(name="After the new keys"), entry=new_id())
    carry(shared, office, laptop)
    with own(laptop) as there:
        assert "After the new keys" in str(contents_of(there))
        assert "Before the new keys" in str(contents_of(there))
        assert there.verify(rebuild=True, signatures=True).ok
    carry(shared, laptop, office)
    with own(office) as opened:
        assert "Before the new keys" in str(contents_of(opened))
        register_travel.set_travels(opened, "Laptop", False)
        opened.record(AdultAdded(name="Not for the laptop"), entry=new_id())
    carry(shared, office, laptop, office, laptop)
    assert not any(of_register(laptop, shared.glob("*.dslm")))
    with own(laptop) as there:
        assert "Not for the laptop" not in str(contents_of(there))
    with own(office) as opened:
        rotation.rotate(opened, "It is to open there no more.")
    carry(shared, office, laptop)
    with pytest.raises(NotFound, match="made anew"):
        own(laptop)


def test_nobody_but_the_head_says_so_and_nobody_but_a_holder_opens_it(school, template):
    office, laptop, shared = school
    with own(office) as opened:
        register_travel.set_travels(opened, "Laptop", True)
        register.grant(opened, "Robin Vale")
    dsl = open_vault(office.folder, passphrase=PASSPHRASE, user="Robin Vale", clock=office.clock)
    with dsl, own(dsl) as opened, pytest.raises(NotAllowed, match="Only the headteacher"):
        register_travel.set_travels(opened, "Laptop", False)
    add_person(office, "Ben Ode", "deputy", "five warm woollen mittens", FLOOR)
    carry(shared, office, laptop)
    ben = open_vault(laptop.folder, passphrase="five warm woollen mittens", user="Ben Ode", clock=laptop.clock)
    with ben, pytest.raises(NotAllowed):
        own(ben)
    assert not (laptop.folder / "adults.db").exists()
    assert MachineHeard.act_compartments == {"children", ADULTS}
    machines.remove(office, "Laptop", "left on a bus")
    with own(office) as opened:
        opened.record(AdultAdded(name="After it was lost"), entry=new_id())
    assert not list((office.folder / "spool" / "register" / "out").iterdir())
