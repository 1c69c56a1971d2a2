"""Real processes, killed for real, against a sandbox whose ledger is the judge; see `benchmarks.chaos`."""
