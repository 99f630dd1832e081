"""``python -m send_screen`` is ``send-screen``."""

from send_screen.cli import main

if __name__ == "__main__":
    main()
