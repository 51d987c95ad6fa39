"""The district's own review: 优质均衡 by its 32 indicators, from clean tables to tables of findings.

- `handed`: the clean tables of a year, and what is missing of them;
- `facts`: what the district tells of itself, held against its unit and range;
- `scope`: the sections that count; `teachers`, `amounts`: what each of them has;
- `provision`, `evenness`, `rooms`, `sizes`: limits a section must keep;
- `by_facts`, `persons`, `monitoring`, `opinion`: limits the district must keep;
- `in_force`: years before the rule, of which nothing is judged;
- `staffing`: teachers counted; `yearly`: all of it, one table each.
"""
