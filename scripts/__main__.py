"""`python -m scripts` is the command `nextword`."""

from scripts import app

if __name__ == "__main__":
    app()
