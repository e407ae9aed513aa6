"""`dsl-console demo`: the made-up school, on screen or as a script."""

from __future__ import annotations

import click


@click.command()
@click.option("--headless", is_flag=True, help="Run a whole day as a script and print each step with its outcome.")
@click.option("--json", "as_json", is_flag=True, help="With --headless: print each step as one line of JSON.")
def demo(headless: bool, as_json: bool) -> int:
    """Open a made-up school in a temporary vault, with a hub and two partners on this machine.

    Nothing of it is kept. With --headless the exit status is 0 only if every step of the day held.
    """
    from dsl_console.demo.run import main

    return main(headless_day=headless or as_json, as_json=as_json)
