"""One file per story: each function turns models into a screen."""
