from __future__ import annotations

import nbformat

from evalib.press.execute import _without_traces


def test_addresses_and_processes_do_not_stand_in_what_is_kept() -> None:
    cell = nbformat.v4.new_code_cell("object()")
    cell.outputs = [
        nbformat.v4.new_output(
            "execute_result", {"text/plain": "<object at 0x7f5a10b2c3d0>", "text/html": "0xff"}
        ),
        nbformat.v4.new_output(
            "stream", name="stderr", text="/tmp/ipykernel_412/33.py:1: UserWarning at 0x7f5a10b2"
        ),
    ]
    kept = _without_traces(nbformat.v4.new_notebook(cells=[cell])).cells[0].outputs
    assert kept[0].data == {"text/plain": "<object at 0x…>", "text/html": "0xff"}
    assert kept[1].text == "ipykernel/33.py:1: UserWarning at 0x…"
