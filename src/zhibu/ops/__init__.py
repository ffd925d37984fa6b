"""The command line. `cli` names the commands; each lives in a module of its own."""
