"""Everything that outlives a process, behind `db`. All SQL lives here and in `migrations/`."""
