"""What holds for every test, wherever it lies."""

from __future__ import annotations

import os

# Before numpy is loaded: workers that share the cores must not also share out each product of matrices
# among threads, which then wait for one another far longer than they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
