"""Move the clock of this Python process ahead by SHORTSTOP_TEST_AHEAD seconds, for tests of a wrong clock."""

import os
import time

AHEAD = int(os.environ.get("SHORTSTOP_TEST_AHEAD", "0"))
right, right_ns = time.time, time.time_ns
time.time = lambda: right() + AHEAD
time.time_ns = lambda: right_ns() + AHEAD * 1_000_000_000
