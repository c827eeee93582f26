"""`python -m bot` is `mp-approvals`."""

from bot.cli import main

main()
