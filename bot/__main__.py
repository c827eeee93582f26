"""`mp-approvals`, and `python -m bot`."""

import gc


def main() -> None:
    """Import the commands and run the one that is asked for.

    Nearly all that is made by importing stays, and looking for garbage in it took an eighth of that
    time.
    """
    gc.disable()
    from bot.cli.main import main as command_line

    gc.enable()
    command_line()


if __name__ == "__main__":
    main()
