"""The page that a partner's vendor reads tells what the code does: every call, code, kind and limit."""

from __future__ import annotations

import json
import re
from pathlib import Path

from practice.vocabulary import PartnerKind
from sync import agreements, bodies, outgoing
from sync.hub import api, limits
from sync.hub.accounts import TOKEN_SECONDS
from sync.identity import MAX_KEY_SET

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text("utf-8")


def test_the_page_names_every_call_and_every_code() -> None:
    spec = json.loads((ROOT / "sync" / "hub" / "openapi.json").read_text("utf-8"))
    beside = {"/healthz", "/metrics", "/openapi.json"}
    assert [path for path in spec["paths"] if path not in beside and f"{path}" not in PAGE] == []
    source = "".join(path.read_text("utf-8") for path in (ROOT / "sync" / "hub").glob("*.py"))
    codes = set(re.findall(r'Problem\(\s*\d{3}, "([a-z-]+)"', source)) - {"not-found", "fault", "request", "grant"}
    assert len(codes) > 15
    assert sorted(code for code in codes if f"`{code}`" not in PAGE) == []


def test_the_page_names_every_kind_of_message_its_members_and_the_limits() -> None:
    kinds = {*outgoing.DATA, *agreements.KINDS, "withdrawal", "receipt", "resync?"}
    assert sorted(kind for kind in kinds if f"`{kind}`" not in PAGE) == []
    members = {*bodies.EntryBody.model_fields, *bodies.ReceiptBody.model_fields, *bodies.WithdrawalBody.model_fields}
    members |= {*bodies.AgreementBody.model_fields, *bodies.OccurredBody.model_fields, *bodies.ChildHint.model_fields}
    assert sorted(name for name in members if not re.search(rf"\b{name}\b", PAGE)) == []
    refusals = bodies.RefusalCode.__args__
    assert sorted(code for code in refusals if f"`{code}`" not in PAGE) == []
    assert sorted(kind for kind in PartnerKind if f"`{kind}`" not in PAGE) == []
    known = limits.Limits()
    for value in (
        f"{known.envelope // 1024} KiB",
        f"{known.batch_items} messages, {known.batch_bytes // 1024**2} MiB",
        f"{known.page_items} messages, {known.page_bytes // 1024**2} MiB",
        f"{MAX_KEY_SET // 1024} KiB",
        f"{known.requests_per_minute:,} times a minute",
        f"`wait` up to {known.wait} seconds",
        f"{known.retention_days} days",
        f"expires_in: {TOKEN_SECONDS}",
        f"up to {api.STATUS_ITEMS:,}",
    ):
        assert value in PAGE, value
