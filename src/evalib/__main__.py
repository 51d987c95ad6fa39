"""`python -m evalib`."""

from evalib.cli import main

main()
