"""The school kit: a zip with packages, a version and a guide, for a Windows laptop without administrator or network.

``laptop/screen.cmd`` and ``laptop/start.py`` run at the school: the first finds Python, the second unpacks the packages
into the kit's folder and screens the file that was dropped on it. Everything else here builds the zip.
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
