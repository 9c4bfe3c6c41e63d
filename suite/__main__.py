"""`python -m suite` is `suite`."""

from suite.cli.commands import main

if __name__ == "__main__":
    main()
