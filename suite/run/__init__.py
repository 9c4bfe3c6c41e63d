"""What is missing of a benchmark, who trains it, in which order, and where the result goes."""
