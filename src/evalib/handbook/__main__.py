"""Write docs/measures.md and docs/data.md: `python -m evalib.handbook`."""

from evalib.handbook.document import main

main()
