"""Advice as claims that a machine judges. Importing it loads nothing heavy, and only the readers load the spec reader."""
