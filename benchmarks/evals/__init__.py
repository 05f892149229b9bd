"""Does the score rank what grows? Every evaluation of scoring on real data, and the one report of all of them.

Run: `python -m benchmarks.evals [name …] [--out FOLDER]`. An evaluation is a module with a `run(data) -> Evaluation`,
and a line in `EVALUATIONS` of `__main__`.
"""
