"""The command line. `cli` names the commands; each lives in a module of its own."""

from __future__ import annotations

from zhibu.ops.wording import speak_chinese

# click keeps the help option that it made first: whichever command is imported alone, and asked
# first, must already speak Chinese.
speak_chinese()
