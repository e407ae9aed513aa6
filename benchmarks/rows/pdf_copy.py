"""A copy of 2,000 entries as PDF: gathered, laid out, tagged and written, beside reportlab drawing the same lines."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import notes
from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import vault_of

ORDER = 9


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from reportlab.pdfgen.canvas import Canvas

    from benchmarks.vaults import fields_of
    from practice.acts import ConcernLogged
    from storage.documents import blocks, pdf
    from storage.documents.export import export
    from storage.documents.gather import Wanted, gather
    from storage.documents.layout import PAGE, Layout
    from storage.ids import new_id
    from storage.ledger import Draft

    with vault_of(folder / "vault") as (vault, ids):
        of_one = [replace(note, child=0) for note in notes.notes(size, 1)]
        with vault.write() as unit:
            unit.record_many(
                [Draft(ConcernLogged(**fields_of(note)), ids[0], new_id(), None, note.at) for note in of_one]
            )
        wanted = Wanted(ids[0], "record")
        pages = Layout(*pdf._fonts()).run(blocks.blocks_of(gather(vault, wanted))).pages

        def drawn() -> None:
            """The same lines on the same pages, without tags, and nothing gathered."""
            canvas = Canvas(io.BytesIO(), pagesize=PAGE, pageCompression=1)
            for page in pages:
                for piece in page:
                    text = canvas.beginText(piece.x, piece.y)
                    text.setFont(piece.font, piece.size, piece.leading)
                    for line in piece.lines:
                        text.textLine(line)
                    canvas.drawText(text)
                canvas.showPage()
            canvas.save()

        yield Pair(
            lambda: timed(lambda: export(vault, wanted, folder / "copy.pdf")),
            lambda: timed(drawn),
        )


ROW = Row(
    "pdf_copy",
    "a record's copy as tagged PDF, gathered to written",
    "reportlab drawing the same lines",
    3.0,
    prepare,
    sizes=(2_000,),
    rounds=5,
    warm_up=1,
)
