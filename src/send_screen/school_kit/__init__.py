"""A zip for a school: packages, a version and a guide, for a Windows laptop without administrator rights or network.

What runs at the school is ``laptop/screen.cmd``, which finds Python, and ``laptop/start.py``, which unpacks the
packages beside itself and screens the file that was dropped. Everything else here makes what goes into the zip.
"""

from send_screen.school_kit._contents import laptop_files, write_zip
from send_screen.school_kit._embedded import EmbeddedPython, read_embedded_python
from send_screen.school_kit._wheels import WINDOWS, Target, fetch_wheels

__all__ = [
    "fetch_wheels",
    "laptop_files",
    "write_zip",
    "read_embedded_python",
    "EmbeddedPython",
    "Target",
    "WINDOWS",
]
