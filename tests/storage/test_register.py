"""The adults' register as a compartment: who holds its key, what its holders trust, and what it tells (R-40)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from practice.acts import AuditRead, ChildAdded, SchoolSet
from practice.compartments import ADULTS
from practice.errors import IntegrityAlarm, NotAllowed, NotFound, Refused, WrongPassphrase
from storage import backup, people, register, reports, restore, vault
from storage.drill import drill
from storage.header import FILE_NAME, _canonical, read_header
from storage.ids import new_id
from storage.keys import FLOOR
from storage.register import Register, create_register, open_register
from storage.replication import headers
from storage.reserve import STEP
from storage.rotation import rotate
from storage.unlocking import Unlocked, unlock
from storage.vault import Vault, open_vault
from tests.conftest import PASSPHRASE
from tests.storage.machines import hand_over, joined

HEAD, DSL, DEPUTY = "green lamp quiet river", "seven tall paper boats", "under the old stone bridge"
NAMES = {"Hana Reed": HEAD, "Dara Lowe": DSL, "Toby Penn": DEPUTY}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A closed vault with a head, a DSL and a deputy, and a register that only the head holds; its recovery code."""
    folder = tmp_path_factory.mktemp("register") / "vault"
    made, _code = vault.create(
        folder, school=SchoolSet(name="Thornfield"), user="Hana Reed", passphrase=HEAD, role="head", kdf=FLOOR
    )
    people.add_person(made, "Dara Lowe", "dsl", DSL, FLOOR)
    people.add_person(made, "Toby Penn", "deputy", DEPUTY, FLOOR)
    made.record(ChildAdded(legal_forename="Kit"), child=new_id())
    opened, code = create_register(made, HEAD)
    opened.close()
    made.close()
    return folder, code


@pytest.fixture
def folder(template: tuple[Path, str], tmp_path: Path) -> Path:
    return Path(shutil.copytree(template[0], tmp_path / "vault"))


_unlocked: dict[str, Unlocked] = {}


def as_(folder: Path, name: str) -> Vault:
    """Open a copy of the template as somebody; their passphrase is derived once for all copies."""
    if name not in _unlocked:
        _unlocked[name] = unlock(folder, NAMES[name], name)
    return open_vault(folder, unlocked=_unlocked[name])


def own(opened: Vault) -> Register:
    """Open the register with keys that a passphrase gave already."""
    return register.open_with(opened, opened.person_keys)


def fill(opened: Register, count: int) -> None:
    for _ in range(count):
        opened.record(AuditRead())


def edited(folder: Path, keys: dict[str, bytes], change) -> None:
    """Write the header anew as a holder of these keys only could."""
    header = read_header(folder)
    change(header)
    header.write(folder, keys)


def test_only_the_head_makes_it_once_and_whoever_does_not_hold_its_key_hears_one_sentence(folder, tmp_path):
    with as_(folder, "Hana Reed") as head:
        with pytest.raises(Refused, match="already"):
            create_register(head, HEAD)
        with pytest.raises(WrongPassphrase):
            open_register(head, DSL)
        with open_register(head, HEAD) as opened:
            assert opened.verify(rebuild=True, signatures=True).ok
            fill(opened, 30)
    said = []
    bare = tmp_path / "bare"
    made, _ = vault.create(bare, school=SchoolSet(name="A"), user="Dara Lowe", passphrase=DSL, kdf=FLOOR)
    for without in (as_(folder, "Dara Lowe"), made):
        with without as dsl, pytest.raises(NotAllowed) as refused:
            open_register(dsl, DSL)
        said.append((refused.value.message, refused.value.hint, refused.value.status))
    assert said[0] == said[1]
    assert said[0][2] == 3
    with as_(folder, "Dara Lowe") as dsl, pytest.raises(NotAllowed, match="Only the headteacher"):
        create_register(dsl, DSL)


def test_the_head_lets_the_dsl_in_and_takes_the_key_back_for_good(folder):
    with as_(folder, "Hana Reed") as head, own(head) as opened:
        register.grant(opened, "Dara Lowe")
    with as_(folder, "Dara Lowe") as dsl, own(dsl) as opened:
        assert opened.verify(rebuild=True, signatures=True).ok
        old = opened.compartment_key
        with pytest.raises(NotAllowed, match="Only the headteacher"):
            register.grant(opened, "Toby Penn")
        with pytest.raises(NotAllowed):
            register.revoke(opened, "Hana Reed", "Mine now.")
    with as_(folder, "Hana Reed") as head, own(head) as opened:
        assert register.revoke(opened, "Dara Lowe", "The school decided.") == ("Dara Lowe", "")
        assert opened.compartment_key != old
        fill(opened, 2)
        assert opened.verify(rebuild=True, signatures=True).ok
        assert not register.rotation_due(head)
    with as_(folder, "Dara Lowe") as dsl:
        assert dsl.alarm is None
        assert dsl.verify().ok
        with pytest.raises(NotAllowed):
            own(dsl)


def test_what_people_without_its_key_do_rightly_leaves_it_whole(folder):
    with as_(folder, "Dara Lowe") as dsl:
        people.add_person(dsl, "Noor Bell", "deputy", "five warm woollen mittens", FLOOR)
        people.change_role(dsl, "Toby Penn", "dsl")
        people.change_passphrase(dsl, DSL, "a wholly new set of words", FLOOR)
        people.remove_person(dsl, "Noor Bell", "Left.")
        people.replace_recovery_code(dsl)
        assert people.rotation_due(dsl) == []
    with as_(folder, "Hana Reed") as head, own(head) as opened:
        assert opened.alarm is None
        assert opened.verify(rebuild=True, signatures=True).ok


def test_a_holder_removed_by_somebody_who_cannot_rotate_marks_it_due(folder):
    with as_(folder, "Hana Reed") as head, own(head) as opened:
        register.grant(opened, "Dara Lowe")
        people.change_role(head, "Toby Penn", "head")
    with as_(folder, "Toby Penn") as deputy:
        gone = people.remove_person(deputy, "Dara Lowe", "Left.")
        assert gone.rotation_due == ("adults",)
        assert not register.holds_register(deputy)
        said = gone.follows("press a")
        assert "somebody who holds it makes it anew" in said
        assert "could not" not in said  # the record's own keys were made anew
    with as_(folder, "Hana Reed") as head:
        assert register.rotation_due(head)
        with own(head) as opened:
            assert opened.alarm is None
            rotate(opened, "Dara Lowe was removed.")
        assert not register.rotation_due(head)
        assert register.holders(head) == ["Hana Reed"]
    with as_(folder, "Toby Penn") as deputy:
        said = people.remove_person(deputy, "Hana Reed", "Left.").follows("press a")
        assert "Nobody who can open this vault holds the key of the adults' register now" in said


def test_a_remover_who_holds_it_makes_its_keys_anew_as_well(folder):
    with as_(folder, "Hana Reed") as head:
        with own(head) as opened:
            register.grant(opened, "Dara Lowe")
            old = opened.compartment_key
        assert people.remove_person(head, "Dara Lowe", "Left.").rotation_due == ()
        with own(head) as opened:
            assert opened.compartment_key != old


def test_keys_made_anew_with_the_childrens_code_reach_nothing_and_get_nothing_from_a_rotation(tmp_path):
    place = tmp_path / "vault"
    made, code = vault.create(
        place, school=SchoolSet(name="A"), user="Hana Reed", passphrase=HEAD, role="head", kdf=FLOOR
    )
    people.add_person(made, "Toby Penn", "head", DEPUTY, FLOOR)
    opened, adults_code = create_register(made, HEAD)
    register.grant(opened, "Toby Penn")
    opened.close()
    made.close()
    stolen = "whatever the thief chose to type"
    taken, _next = people.recover(place, code=code, user="Hana Reed", passphrase=stolen, kdf=FLOOR)
    with taken, pytest.raises(NotAllowed):
        open_register(taken, stolen)
    with open_vault(place, passphrase=DEPUTY, user="Toby Penn") as toby, own(toby) as opened:
        assert opened.alarm is None
        assert register.rotation_due(toby)
        rotate(opened, "Keys were made anew.")
        assert register.holders(toby) == ["Toby Penn"]
    with open_vault(place, passphrase=stolen, user="Hana Reed") as again:
        with pytest.raises(NotAllowed):
            open_register(again, stolen)
        with pytest.raises(WrongPassphrase):
            register.recover_register(again, code, stolen)
        opened, next_code = register.recover_register(again, adults_code, stolen)
        with opened:
            assert opened.verify(rebuild=True, signatures=True).ok
            assert next_code != adults_code
        with pytest.raises(WrongPassphrase):
            register.recover_register(again, adults_code, stolen)


def test_a_holder_added_or_swapped_by_somebody_without_the_key_alarms(folder):
    with as_(folder, "Dara Lowe") as dsl:
        keys = dsl.keys_held()
        me, mine = dsl.person.id, dsl.person_keys.xwing.public()
    head_id = next(slot.id for slot in read_header(folder).slots if slot.name == "Hana Reed")
    original = (folder / FILE_NAME).read_bytes()

    def add_holder(header):
        header.compartments[ADULTS].wrapped[me] = header.compartments[ADULTS].wrapped[head_id]
        header.compartments[ADULTS].holders[me] = mine

    def turn_inbox(header):
        header.compartments[ADULTS].inbox = mine

    def change_wrapped(header):
        wrapped = header.compartments[ADULTS].wrapped
        wrapped["recovery-adults"] = bytes(len(wrapped["recovery-adults"]))

    def swap_holder(header):
        header.compartments[ADULTS].holders["recovery-adults"] = mine

    def turn_back(header):
        header.compartments[ADULTS].generation -= 1

    def older_record(header):
        header.compartments[ADULTS].revision += 1

    with as_(folder, "Hana Reed") as head:
        own(head).close()
        for change in (add_holder, turn_inbox, change_wrapped, swap_holder, turn_back, older_record):
            (folder / FILE_NAME).write_bytes(original)
            edited(folder, keys, change)
            with pytest.raises(IntegrityAlarm):
                own(head)


def test_an_older_record_of_its_holders_put_back_is_reported(folder):
    before = json.loads((folder / FILE_NAME).read_bytes())
    with as_(folder, "Hana Reed") as head, own(head) as opened:
        register.grant(opened, "Dara Lowe")
    now = json.loads((folder / FILE_NAME).read_bytes())
    now["compartments"]["adults"] = before["compartments"]["adults"]
    now["macs"]["adults"] = before["macs"]["adults"]
    now.pop("sha256")
    now["sha256"] = hashlib.sha256(_canonical(now)).hexdigest()
    (folder / FILE_NAME).write_text(json.dumps(now))
    with pytest.raises(IntegrityAlarm):
        as_(folder, "Hana Reed")
    with as_dsl_would_write(folder, before) as head, own(head) as opened:
        assert opened.alarm is not None


def as_dsl_would_write(folder: Path, before: dict) -> Vault:
    """Put the older record back with the children's MAC made right, as a holder of that key alone could."""
    from storage.keys import unb64
    from storage.opening import compartment_key
    from storage.unlocking import choose_slot

    header = read_header(folder)
    slot = choose_slot(header, "Dara Lowe")
    key = compartment_key(header, "children", slot, slot.open(DSL, header.vault))
    header.macs["adults"] = unb64(before["macs"]["adults"])
    header.generation += 1
    header.write(folder, {"children": key})
    return as_(folder, "Hana Reed")


def sizes(folder: Path) -> tuple[int, int]:
    log = folder / "adults.db-wal"
    return (folder / "adults.db").stat().st_size, log.stat().st_size if log.exists() else 0


def test_its_file_only_ever_has_a_whole_number_of_steps_and_its_log_is_empty(folder):
    seen = {sizes(folder)}
    with as_(folder, "Hana Reed") as head:
        with own(head) as opened:
            seen.add(sizes(folder))
            for size in (1, 20, 100, 20, 150, 3):
                with opened.write() as unit:
                    for _ in range(size):
                        unit.record(AuditRead(person=os.urandom(10_000).hex()))
                seen.add(sizes(folder))
            rotate(opened, "A leaver.")
            seen.add(sizes(folder))
            assert opened.verify(rebuild=True).ok
        seen.add(sizes(folder))
    print(f"sizes seen: {sorted(seen)}")
    assert all(size % STEP == 0 and log == 0 for size, log in seen)
    assert len(seen) >= 2, "it did grow"
    assert max(seen)[0] <= 3 * STEP, "6 MiB of acts need no more than two steps and what was free"
    assert min(seen)[0] == STEP


def test_a_few_acts_more_change_no_size_and_no_name_in_the_folder(folder):
    def listed():
        return sorted((path.name, path.stat().st_size) for path in folder.rglob("*") if path.name != "header.json")

    with as_(folder, "Hana Reed") as head, own(head) as opened:
        fill(opened, 1)
    before = listed()
    with as_(folder, "Hana Reed") as head, own(head) as opened:
        fill(opened, 100)
    assert listed() == before


def test_a_rolled_back_register_alarms_and_stays_readable(folder, tmp_path):
    shutil.copyfile(folder / "adults.db", tmp_path / "older")
    with as_(folder, "Hana Reed") as head, own(head) as opened:
        fill(opened, 3)
    shutil.copyfile(tmp_path / "older", folder / "adults.db")
    with as_(folder, "Hana Reed") as head:
        assert head.verify().ok
        with own(head) as opened:
            assert opened.alarm is not None
            with pytest.raises(IntegrityAlarm):
                fill(opened, 1)
            assert not opened.verify().ok


def test_a_dsls_backup_carries_it_unopened_and_a_restore_goes_on_as_a_new_device(folder, tmp_path):
    with as_(folder, "Hana Reed") as head, own(head) as opened:
        fill(opened, 5)
        device = opened.device
    with as_(folder, "Dara Lowe") as dsl:
        made = backup.backup(dsl, tmp_path / "copy.dslb")
    assert made.carried == ("adults",)
    restored = tmp_path / "restored"
    restore.restore(tmp_path / "copy.dslb", restored, passphrase=DSL, user="Dara Lowe")
    for name in ("adults.db", "adults.anchor"):
        assert (restored / name).read_bytes() == (folder / name).read_bytes()
    with as_(restored, "Hana Reed") as head:
        with own(head) as opened:
            assert opened.alarm is None
            assert opened.device != device
            fill(opened, 1)
            renewed = opened.device
        with own(head) as opened:
            assert opened.device == renewed
            assert opened.verify(rebuild=True, signatures=True).ok


def test_a_holders_drill_opens_and_checks_it_and_another_persons_leaves_it_shut(folder, tmp_path):
    with as_(folder, "Hana Reed") as head:
        with own(head) as opened:
            fill(opened, 5)
        whole = backup.backup(head, tmp_path / "whole.dslb").path
        done = drill(head, whole)
        assert (done.ok, done.register) == (True, True)
    database = folder / "adults.db"
    stored = bytearray(database.read_bytes())
    stored[len(stored) // 2] ^= 1
    database.write_bytes(stored)
    with as_(folder, "Dara Lowe") as dsl:
        carried = backup.backup(dsl, tmp_path / "carried.dslb").path
        done = drill(dsl, carried)
        assert (done.ok, done.register) == (True, False), "who does not hold its key learns nothing of it"
    with as_(folder, "Hana Reed") as head:
        done = drill(head, carried)
        assert (done.ok, done.problem) == (False, "The adults' register in this backup did not come back whole.")


def test_a_head_without_a_register_is_told_to_make_one(tmp_path):
    made, _ = vault.create(
        tmp_path / "v", school=SchoolSet(name="A"), user="Hana Reed", passphrase=HEAD, role="head", kdf=FLOOR
    )
    with made, pytest.raises(NotFound, match="no adults' register"):
        open_register(made, HEAD)


def test_neither_database_has_a_table_of_the_others_views(folder):
    """Not even an empty one: its presence would say what is kept, and a fold could write into it."""

    def tables(opened) -> set[str]:
        with opened.read() as connection:
            return {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")}

    with as_(folder, "Hana Reed") as head, own(head) as opened:
        children, adults = tables(head), tables(opened)
    assert {name for name in children if "register" in name or "adult" in name} == set()
    assert {"children", "entries", "shares", "outbox"} <= children
    assert {"register_entries", "register_adults", "acts", "people"} <= adults
    both = {"acts", "bodies", "secrets", "people", "settings", "grants", "covers"}
    assert children & adults == both | {"waiting_acts", "machine_files", "machine_notes", "moved_acts"}


def test_acts_of_one_compartment_have_no_place_in_the_other(folder):
    with as_(folder, "Hana Reed") as head, own(head) as opened:
        with pytest.raises(Refused, match="no place"):
            opened.record(ChildAdded(legal_forename="Kit"), child=new_id())
        assert opened.verify().ok


def test_another_machine_of_the_school_knows_that_it_is_elsewhere_and_cannot_take_its_key_away(tmp_path):
    office, _code = vault.create(
        tmp_path / "office", school=SchoolSet(name="A"), user="Hana Reed", passphrase=PASSPHRASE, role="head", kdf=FLOOR
    )
    register.create_with(office, office.person_keys)[0].close()
    laptop = joined(office, tmp_path, tmp_path / "laptop", "Laptop")
    with office, laptop:
        with pytest.raises(NotFound, match="another machine"):
            own(laptop)
        assert reports.card_of(laptop.folder).adults is None
        with own(office) as opened:
            rotate(opened, "Yearly.")
        people.replace_recovery_code(laptop)
        assert hand_over(laptop, office)[0].header == "conflict"
        headers.take(office, headers.conflicting(office), print, chosen=True)
        with own(office) as opened:
            assert opened.alarm is None
            fill(opened, 1)
            assert opened.verify(rebuild=True, signatures=True).ok
