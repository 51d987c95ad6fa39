"""Write docs/measures.md, docs/data.md and docs/balance.md: `python -m evalib.handbook`."""

from evalib.handbook.document import main

main()
