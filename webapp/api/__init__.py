"""The routes, one file for each story."""
