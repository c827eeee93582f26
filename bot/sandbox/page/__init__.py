"""The workspace as a page in a browser: a client of the sandbox and nothing else.

Must stay true: everything the page does goes through `Person`, so a test could do the same; and
everything it shows is drawn from the workspace, so two browsers never disagree for long.
"""
