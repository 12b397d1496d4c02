"""Processes that tests start, wait for and stop."""

import signal
import subprocess
import time

# Of a command that Ctrl-C ended: a shell sees 130 in both cases. Python ends itself by the signal where it came while
# generated code ran (of a dataclass, at import), whatever the command then returns.
INTERRUPTED = (130, -signal.SIGINT)


def children(parent):
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True)
    return [int(pid) for pid in listing.stdout.split()]


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return False


def group_members(groups, program):
    """Process ids of a program that runs in one of the process groups."""
    listing = subprocess.run(["ps", "-eo", "pid=,pgid=,comm="], capture_output=True, text=True).stdout
    rows = [line.split(maxsplit=2) for line in listing.splitlines()]
    return [int(pid) for pid, group, name in rows if int(group) in groups and program in name]
