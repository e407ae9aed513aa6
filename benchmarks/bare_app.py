"""The reference for the first paint: the least that Textual can show."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("Passphrase")


if __name__ == "__main__":
    Bare().run()
