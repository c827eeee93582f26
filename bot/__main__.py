"""`python -m bot` is `mp-approvals`."""

from bot.cli.main import main

if __name__ == "__main__":
    main()
