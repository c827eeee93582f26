"""`python -m bot` is `mp-approvals`."""

from bot.cli.main import main

main()
