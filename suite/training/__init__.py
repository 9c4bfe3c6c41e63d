"""One cell, start to finish: tuning, the compiled program, evaluation."""
