"""The workspace as a page in a browser.

Must stay true: everything the page does goes through `Person`, so a test could do the same; and
everything it shows is drawn from the workspace, so two browsers never disagree for long.
Open `pages.py` first: the addresses. `static/parts.js` is how the browser keeps up.
"""
