"""`python -m cli`: the engine command where no console script is installed."""

from cli.app import main

main()
