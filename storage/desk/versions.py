"""The versions of an entry in pairs: each with the one that its writer had before them (R-05)."""

from __future__ import annotations

from collections.abc import Sequence

from storage.views.record_rows import VersionRow


def pairs(versions: Sequence[VersionRow]) -> list[tuple[VersionRow, VersionRow]]:
    """Return each amended version with the one that it amended: two that amended one version both stand beside it."""
    by_act = {each.act_id: each for each in versions}
    return [(by_act.get(each.sees, versions[0]), each) for each in versions[1:]]
