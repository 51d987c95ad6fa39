"""ipykernel's kernel without its sockets: the same shell, displays and errors, in this process.

nbclient talks to a kernel manager and a kernel client. Both are replaced here; nbclient
itself, and so the meaning of every message, stays as it is. A cell runs inside the event
loop that nbclient waits in, so that top-level await works and tasks live on between cells.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import sys
from collections.abc import Iterator
from queue import Empty
from types import SimpleNamespace
from typing import Any, cast

import ipykernel.eventloops
import ipykernel.ipkernel
import ipykernel.zmqshell
from jupyter_client.session import Session, extract_header
from jupyter_core.utils import ensure_event_loop
from traitlets import Any as AnyTrait
from traitlets.config import Config

from evalib.press.warm.streams import CellStream, captured
from evalib.press.warm.surroundings import INLINE, fresh_figures, restored


class LocalSession(Session):
    """A session whose messages are handed to a callable, as they would have arrived by socket."""

    deliver = AnyTrait()

    def send(
        self,
        stream: Any,
        msg_or_type: Any,
        content: dict[str, Any] | None = None,
        parent: dict[str, Any] | None = None,
        ident: Any = None,
        buffers: list[Any] | None = None,
        track: bool = False,
        header: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Hand a message on; its content has been JSON on the way, as over a socket."""
        if isinstance(msg_or_type, dict):
            message = dict(msg_or_type)
        else:
            message = self.msg(msg_or_type, content, parent, header, metadata)
        message["content"] = self.unpack(self.pack(message["content"]))
        message["buffers"] = [memoryview(one) for one in buffers or []]
        self.deliver(message)
        return message


class ZMQInteractiveShell(ipykernel.zmqshell.ZMQInteractiveShell):
    """ipykernel's shell, by the name that libraries look for; its kernel belongs to no application."""

    def enable_gui(self, gui: Any = None) -> None:
        """Enable a user interface's event loop, as ipykernel does."""
        ipykernel.eventloops.enable_gui(gui, kernel=self.kernel)
        self.active_eventloop = gui


class LocalKernel(ipykernel.ipkernel.IPythonKernel):
    """ipykernel's kernel, asked by a call instead of through a socket."""

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """There is never a second request that waits."""

    async def answer(self, request: dict[str, Any], streams: tuple[CellStream, CellStream]) -> None:
        """Run one cell; everything that it says goes through the session."""
        untyped = cast(Any, self)
        untyped.set_parent([], request)
        untyped._publish_status("busy", "shell", request)
        await untyped.execute_request(None, [], request)
        for stream in streams:
            stream.flush()
        untyped._publish_status("idle", "shell", request)


class LocalClient:
    """What nbclient takes for a kernel client: requests go in, messages come out of two queues."""

    def __init__(self, session: LocalSession) -> None:
        self.session = session
        self.allow_stdin = False
        self._failed = False
        self._loop = ensure_event_loop()
        self._replies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._published: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.shell_channel = SimpleNamespace(get_msg=self._reply, send=self._from_widget)
        self.iopub_channel = SimpleNamespace(get_msg=self._publication)
        session.deliver = self._deliver

    def attach(self, kernel: LocalKernel, streams: tuple[CellStream, CellStream]) -> None:
        """Tell which kernel answers."""
        self.kernel, self.streams = kernel, streams

    def start_channels(self) -> None:
        """Nothing to open."""

    def stop_channels(self) -> None:
        """Nothing to close."""

    def wait_for_ready(self, timeout: float | None = None) -> None:
        """It is always ready."""

    def is_alive(self) -> bool:
        """Whether cells may still be run: not after `exit()` was called."""
        return not (self._failed or cast(Any, self.kernel.shell).exit_now)

    def kernel_info(self) -> str:
        """Ask what the kernel is."""
        content = {"status": "ok", **self.kernel.kernel_info}
        request = self.session.msg("kernel_info_request")
        self.session.send(None, "kernel_info_reply", content, request)
        return str(request["msg_id"])

    def execute(self, code: str, *, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Start a cell in the loop that the caller waits in."""
        content = {
            "code": code,
            "silent": False,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": self.allow_stdin,
            "stop_on_error": stop_on_error,
        }
        request = self.session.msg("execute_request", content)
        for stream in self.streams:
            stream.discard()
        self._task = asyncio.ensure_future(self._run(request))
        return str(request["msg_id"])

    async def _run(self, request: dict[str, Any]) -> None:
        if not self.is_alive():
            return  # nbclient asks whether the kernel is alive, and tells that it is not
        try:
            await self.kernel.answer(request, self.streams)
        except Exception:
            # The kernel itself failed, not a cell: without an answer nbclient would wait for ever.
            self._failed = True
            self.kernel.log.exception("kernel failed")

    def _deliver(self, message: dict[str, Any]) -> None:
        # Cells may speak from threads; every message goes through the loop, so the order stays.
        queue = self._replies if message["msg_type"].endswith("_reply") else self._published
        self._loop.call_soon_threadsafe(queue.put_nowait, message)

    async def _reply(self, timeout: float | None = None) -> dict[str, Any]:
        return await _next(self._replies, timeout)

    async def _publication(self, timeout: float | None = None) -> dict[str, Any]:
        return await _next(self._published, timeout)

    def _from_widget(self, message: dict[str, Any]) -> None:
        """A message that nbclient's output widget sends back to the kernel."""
        if (handler := self.kernel.shell_handlers.get(message["msg_type"])) is not None:
            handler(None, [], message)


async def _next(queue: asyncio.Queue[dict[str, Any]], timeout: float | None) -> dict[str, Any]:
    try:
        return await asyncio.wait_for(queue.get(), timeout)
    except TimeoutError:
        raise Empty from None


class LocalManager:
    """What nbclient takes for a kernel manager: its kernel is here already."""

    has_kernel = True
    kernel_id = "local"

    def __init__(self, client: LocalClient) -> None:
        self._client = client

    def client(self) -> LocalClient:
        """The one client."""
        return self._client

    def interrupt_kernel(self) -> None:
        """A cell that runs in this process cannot be interrupted from within."""


@contextlib.contextmanager
def local_kernel() -> Iterator[LocalManager]:
    """A kernel in this process with a namespace of its own, until the block ends.

    Afterwards stdout, stderr, the hooks of the interpreter, the environment, the path and
    matplotlib's inline backend are as they were; what a notebook did to modules is not
    undone, which is why a report runs in a process of its own.
    """
    session = LocalSession(username="kernel", key=b"")
    client = LocalClient(session)
    config = Config(
        {
            "IPKernelApp": {"log_level": 50},  # by this key libraries know that they are in a notebook
            "LocalKernel": {"_execute_sleep": 0.0},
            "HistoryManager": {"enabled": False},
        }
    )

    def parent() -> dict[str, Any]:
        return dict(extract_header(cast(Any, kernel.shell).parent_header) or {})

    def emit(header: dict[str, Any], name: str, text: str) -> None:
        session.send(None, "stream", {"name": name, "text": text}, {"header": header})

    with restored():
        os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # else its import prints advice
        importlib.import_module("ipykernel.debugger")
        os.environ.setdefault("MPLBACKEND", INLINE)
        sys.path.insert(0, "")
        kernel = LocalKernel.instance(
            config=config,
            session=session,
            log=logging.getLogger("evalib.kernel"),
            shell_class=ZMQInteractiveShell,
            shell_channel_thread=SimpleNamespace(parent_thread=None),
            user_ns={},
        )
        with captured(parent, emit) as streams, fresh_figures():
            client.attach(kernel, streams)
            try:
                yield LocalManager(client)
            finally:
                LocalKernel.clear_instance()
                ZMQInteractiveShell.clear_instance()
