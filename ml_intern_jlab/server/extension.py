"""The Jupyter server extension. Loading it imports neither smolagents nor pandas: the agent comes with the first
session that is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.application import JupyterApp
from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Dict, Float, Int, List, Unicode

from ..errors import InternError
from ..protocol import MAX_COMMAND_BYTES
from .rate import Rates
from .routes import routes

if TYPE_CHECKING:
    from ..sessions.session import Settings
    from ..sessions.sessions import Sessions


class MLInternExtension(ExtensionApp):
    """ML Intern: an agent that works in the notebook, one approved cell at a time."""

    name = "ml_intern_jlab"
    load_other_extensions = True
    file_url_prefix = "/ml-intern"

    model = Unicode(
        "recipes",
        help="The model that works where the person chooses none: `recipes` (no language model), or one that "
        "`jupyter ml-intern models` lists.",
    ).tag(config=True)
    models = List(
        Unicode(),
        help="More models to choose from, such as `hf:<repo>`, `openai:<id>@<base URL>` or `local:<GGUF file>`.",
    ).tag(config=True)
    base_url = Unicode(
        "",
        help="Address of the server that answers for `openai:` models, such as http://localhost:8000/v1. "
        "Empty: OPENAI_BASE_URL, else OpenAI's own.",
    ).tag(config=True)
    journal_path = Unicode(
        help="The SQLite file that keeps every session's events. Default: ml_intern/journal.sqlite in Jupyter's data "
        "folder.",
    ).tag(config=True)
    keep_days = Float(
        365.0, min=0.0, help="Sessions in which nothing happened for so many days are forgotten; 0 keeps them all."
    ).tag(config=True)
    keep_megabytes = Float(
        2000.0, min=0.0, help="The oldest sessions are forgotten while the journal takes more than this; 0: no limit."
    ).tag(config=True)
    max_steps = Int(30, min=1, help="Turns of the model at which a run pauses and asks.").tag(config=True)
    run_seconds = Float(0.0, min=0.0, help="Seconds at which a run pauses and asks; 0 sets no limit.").tag(config=True)

    max_tokens = Int(0, min=0, help="Tokens, read and written, at which a run pauses; 0 sets no limit.").tag(
        config=True
    )
    max_cost = Float(
        0.0, min=0.0, help="US dollars at which a run pauses, where the model's price is known; 0 sets no limit."
    ).tag(config=True)

    cell_seconds = Float(
        0.0,
        min=0.0,
        help="Seconds after which a running cell makes a question of it, asked again whenever its time has doubled; "
        "the cell runs on meanwhile. Where nobody is there to ask it is interrupted. 0 sets no limit.",
    ).tag(config=True)
    day_steps = Int(
        0, min=0, help="Turns of the model in a day, all runs of the journal together; 0 sets no limit."
    ).tag(config=True)
    day_seconds = Float(
        0.0, min=0.0, help="Seconds in a day in which a model writes or a cell runs, all runs together; 0: no limit."
    ).tag(config=True)
    day_tokens = Int(0, min=0, help="Tokens, read and written, in a day, all runs together; 0 sets no limit.").tag(
        config=True
    )
    day_cost = Float(
        0.0, min=0.0, help="US dollars in a day, all runs together, where prices are known; 0 sets no limit."
    ).tag(config=True)
    max_sessions = Int(
        1000, min=0, help="Sessions that the journal keeps; one more is refused until one is deleted. 0: no limit."
    ).tag(config=True)
    user_sessions = Int(
        0, min=0, help="Sessions that the journal keeps of each person; one more is refused. 0 sets no limit."
    ).tag(config=True)
    user_day_steps = Int(
        0, min=0, help="Turns of the model in a day in the runs that one person began; 0 sets no limit."
    ).tag(config=True)
    user_day_seconds = Float(
        0.0, min=0.0, help="Seconds of work in a day in the runs that one person began; 0 sets no limit."
    ).tag(config=True)
    user_day_tokens = Int(0, min=0, help="Tokens in a day in the runs that one person began; 0 sets no limit.").tag(
        config=True
    )
    user_day_cost = Float(
        0.0, min=0.0, help="US dollars in a day in the runs that one person began, where prices are known; 0: no limit."
    ).tag(config=True)
    user_requests_per_second = Float(
        100.0,
        min=0.0,
        help="Commands and changes a second that one person may send for long, through all sockets and requests "
        "together; more are refused. 0 sets no limit.",
    ).tag(config=True)
    max_journal_bytes = Int(
        4_000_000_000,
        min=0,
        help="Bytes of the journal at which no session and no run is begun any more; 0 sets no limit.",
    ).tag(config=True)
    max_message_bytes = Int(
        MAX_COMMAND_BYTES, min=1000, help="Bytes of a command of the panel's; a longer one is refused."
    ).tag(config=True)
    commands_per_second = Float(
        50.0, min=0.0, help="Commands a second that a socket may send for long; more are refused. 0 sets no limit."
    ).tag(config=True)

    policy = Dict(
        help="What modes do with risk classes, where it differs from the default: {mode: {class: action}}, such as "
        "{'auto': {'network': 'refuse', 'outside': 'ask'}}. Modes: ask, auto_safe, auto. Classes: compute, write, "
        "outside, delete, install, shell, network, credentials, process, publish, spend, opaque. Actions: run, ask, "
        "refuse (no person can approve). publish, spend, credentials and deleting outside the working directory never "
        "run unasked, whatever stands here. `jupyter ml-intern risk FILE` shows how cells are classed.",
    ).tag(config=True)
    modes = List(
        Unicode(),
        default_value=["ask", "auto_safe", "auto"],
        help="The modes that a person may choose; [`ask`] makes every cell wait for a person.",
    ).tag(config=True)
    locked_classes = List(
        Unicode(),
        help="Risk classes that a person can't allow for a notebook (`Always allow this here`).",
    ).tag(config=True)

    def _journal_path_default(self) -> str:
        return str(default_journal_path())

    def initialize_handlers(self) -> None:
        """Add the routes under `/ml-intern/`."""
        self._sessions: Sessions | None = None
        self.rates = Rates(lambda: self.user_requests_per_second)
        self.handlers.extend(routes())

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Find the runs that an earlier server left unfinished. Where there are none, the agent isn't imported."""
        try:
            if self._has_abandoned():
                await self.sessions.recover()
        except InternError as error:
            self.log.warning("Unfinished runs could not be looked for: %s", error)

    def _has_abandoned(self) -> bool:
        if not Path(self.journal_path).exists():
            return False
        from ..sessions.journal import Journal

        journal = Journal(self.journal_path)
        try:
            return bool(journal.abandoned(str(getattr(self.settings["contents_manager"], "root_dir", ""))))
        finally:
            journal.close()

    @property
    def sessions(self) -> Sessions:
        """The sessions of this server; the first use opens the journal and imports the agent.

        Raises:
            JournalUnavailable: the journal can't be opened.
            InternError: the configured policy can't be read.
        """
        if self._sessions is None:
            from ..sessions.housekeeping import prune
            from ..sessions.journal import Journal
            from ..sessions.sessions import Sessions
            from .hosts import ServerHost

            journal = Journal(self.journal_path)
            for info in prune(journal, self.keep_days, self.keep_megabytes * 1e6):
                self.log.info("The session %s of %s was old and is forgotten.", info.session_id, info.path)
            self._sessions = Sessions(journal, ServerHost(self.settings), self.run_settings())
        return self._sessions

    def run_settings(self) -> Settings:
        """What the configuration decides for all sessions.

        Raises:
            InternError: the configured policy can't be read.
        """
        from ..sessions.bounds import Bounds
        from ..sessions.budget import Limits
        from ..sessions.day import DayLimits
        from ..sessions.policy import configured
        from ..sessions.session import Settings

        return Settings(
            model=self.model,
            base_url=self.base_url,
            limits=Limits(
                self.max_steps,
                self.run_seconds or None,
                self.max_tokens or None,
                self.max_cost or None,
                self.cell_seconds or None,
            ),
            day=DayLimits(
                self.day_steps or None, self.day_seconds or None, self.day_tokens or None, self.day_cost or None
            ),
            user_day=DayLimits(
                self.user_day_steps or None,
                self.user_day_seconds or None,
                self.user_day_tokens or None,
                self.user_day_cost or None,
            ),
            bounds=Bounds(self.max_sessions, self.max_journal_bytes, self.user_sessions),
            policy=configured(self.policy, self.modes, self.locked_classes),
        )

    @property
    def loaded(self) -> bool:
        """Whether the sessions were used yet."""
        return self._sessions is not None

    async def stop_extension(self) -> None:
        """Stop every run and save every notebook before the server ends."""
        if self._sessions is not None:
            await self._sessions.close()
            self._sessions = None


def default_journal_path() -> Path:
    """The journal that server and command line share by default."""
    return Path(jupyter_data_dir()) / "ml_intern" / "journal.sqlite"


def configuration() -> MLInternExtension:
    """The extension as the server's configuration files set it up, without a server: the command line keeps to the same
    policy and limits."""

    class Reader(JupyterApp):
        name = "jupyter_server"

    reader = Reader()
    reader.load_config_file()
    return MLInternExtension(config=reader.config)
