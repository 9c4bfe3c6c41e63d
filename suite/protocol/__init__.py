"""What is measured and by which rule a verdict falls: pure functions on plain data, used by every other package."""
