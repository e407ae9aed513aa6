"""The vault: an encrypted store, its ledger of acts and the views that are read from it (floor 2)."""
