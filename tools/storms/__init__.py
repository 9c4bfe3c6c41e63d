"""Storms: runs, workers, schedulers and servers killed at random moments, and what harm came of it."""
