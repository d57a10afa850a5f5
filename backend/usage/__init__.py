"""What it costs: the ledger of upstream calls, budgets, roll-ups and the reports made from them.

Every call to a provider has a row (`Call`), written before it goes out, in the transaction that makes the work, and
settled in the transaction that ends it. Rows are settled once and never deleted. Budgets are counted by triggers of the
ledger's table, whoever writes to it: a row that would go over one can't be written. May import the catalogue and what
lies below it.
"""
