"""A reason that is blank is refused before it is recorded, since it could not be read back."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from practice.acts import KINDS, GlassBroken, build, read_body
from practice.errors import Refused


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\u2003"])
def test_a_blank_reason_is_refused_in_every_kind_of_act(blank: str) -> None:
    with_reason = [
        cls for cls in KINDS.values() if "reason" in cls.model_fields and cls.model_fields["reason"].is_required()
    ]
    assert len(with_reason) > 10
    for cls in with_reason:
        with pytest.raises(ValidationError) as caught:
            cls.model_validate({"reason": blank})
        assert ("reason",) in [error["loc"] for error in caught.value.errors()], cls
    with pytest.raises(Refused, match="reason"):
        build(GlassBroken, {"reason": blank, "until": "x"})


def test_what_is_accepted_reads_back_the_same() -> None:
    body = build(GlassBroken, {"reason": " She asked. \n", "until": "x"})
    assert body.reason == "She asked."
    assert read_body("glass_broken", body.to_bytes()) == body
