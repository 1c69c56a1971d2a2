"""Venues: everything that knows a venue's words, wires and limits."""
