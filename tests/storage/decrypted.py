"""Every page of a vault's database and of its log as they lie on the disk, decrypted: free pages and slack included."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from storage.engine import PAGE_SIZE
from storage.keys import hkdf
from storage.vault import Vault

_RESERVED = 80
_IV = 16


def decrypted(vault: Vault) -> bytes:
    """Return the database file and its write-ahead log as SQLite would see them, page after page."""
    key = hkdf(vault.compartment_key, "database")
    database = vault.folder / "children.db"
    stored = database.read_bytes()
    pages = [stored[at : at + PAGE_SIZE] for at in range(0, len(stored), PAGE_SIZE)]
    log = database.with_name("children.db-wal")
    frames = log.read_bytes() if log.exists() else b""
    pages += [frames[at + 24 : at + 24 + PAGE_SIZE] for at in range(32, len(frames), 24 + PAGE_SIZE)]
    return b"".join(_page(key, page) for page in pages if len(page) == PAGE_SIZE)


def _page(key: bytes, page: bytes) -> bytes:
    end = PAGE_SIZE - _RESERVED
    vector = page[end : end + _IV]
    start = _IV if page[:_IV] and _is_first(key, page, vector, end) else 0
    found = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return found.update(page[start:end]) + found.finalize()


def _is_first(key: bytes, page: bytes, vector: bytes, end: int) -> bool:
    """Say whether this is page 1, whose first sixteen bytes are the salt in the clear."""
    found = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return (found.update(page[_IV:end]) + found.finalize())[: len(b"\x10\x00\x02\x02P@ ")] == b"\x10\x00\x02\x02P@ "


def traces(vault: Vault, words: tuple[str, ...]) -> dict[str, int]:
    """Return how often each word stands in the decrypted files, in any letter case, as UTF-8 or UTF-16."""
    found = decrypted(vault).lower()
    counts = {
        word: sum(found.count(word.lower().encode(encoding)) for encoding in ("utf-8", "utf-16-le")) for word in words
    }
    return {word: count for word, count in counts.items() if count}
