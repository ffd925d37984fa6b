"""`python -m zhibu` is the command `zhibu`."""

from __future__ import annotations

from zhibu.ops.cli import main

if __name__ == "__main__":  # helper processes import this module again
    main()
