"""When Python looks for garbage in a process that runs for long."""

import gc


def collect_rarely() -> None:
    """For an entry point, once, when all is imported and built.

    What is there by now stays: garbage is looked for only in what comes after it. And nearly all of
    that goes by its reference count: a look at every 700 new objects, Python's own pace, costs
    clicks their time and finds next to nothing.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
