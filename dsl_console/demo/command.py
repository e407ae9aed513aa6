"""`dsl-console demo`: the made-up school, on screen or as a script."""

from __future__ import annotations

import click

from dsl_console.cli.options import Command
from dsl_console.cli.session import Session


@click.command(cls=Command)
@click.option("--headless", is_flag=True, help="Run a whole day as a script and print each step with its outcome.")
@click.pass_obj
def demo(session: Session, headless: bool) -> int:
    """Open a made-up school in a temporary vault, with a hub and two partners on this machine.

    Nothing of it is kept. With --headless the exit status is 0 only if every step of the day held.
    """
    from dsl_console.demo.run import main

    return main(headless_day=headless or session.json, as_json=session.json)
