"""Write docs/measures.md: `python -m evalib.handbook`."""

from evalib.handbook.document import main

main()
