"""What stands between the load and the backend: nothing, nginx, haproxy, or the agent in its modes.

Each is started anew for each measurement, so that its peak memory and its capture log belong to that measurement alone.
The configurations are the fastest plain ones known for one worker that streams bodies and keeps connections alive.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .processes import BenchError, Process, free_port
from .scenarios import Backend

DIRECT = "direct"
# A full log makes the agent stop capturing; large bodies fill the default of 10 GiB in well under a minute.
CAPTURE_LOG_MAX_BYTES = "40GiB"

# keepalive_requests: the default closes each connection after 1000 requests. Buffering off and the body's temporary
# files with it: the others stream too.
NGINX_CONFIG = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/nginx-body;
    proxy_temp_path {directory}/nginx-proxy;
    fastcgi_temp_path {directory}/nginx-fastcgi;
    uwsgi_temp_path {directory}/nginx-uwsgi;
    scgi_temp_path {directory}/nginx-scgi;
    keepalive_requests 1000000000;
    upstream node {{
        server {backend};
        keepalive 64;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://node;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering off;
            client_body_buffer_size 1m;
        }}
    }}
}}
"""

HAPROXY_CONFIG = """
global
    nbthread 1
    maxconn 1024
defaults
    mode http
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend clients
    bind 127.0.0.1:{port}
    default_backend nodes
backend nodes
    server node {backend}
"""


@dataclass(frozen=True)
class Running:
    """A system that takes requests. `admin` is the agent's admin address."""

    address: str
    process: Process | None
    admin: str | None = None


@dataclass(frozen=True)
class Agent:
    """How an agent is run. Without a durability it captures nothing."""

    durability: str | None
    threads: int

    @property
    def name(self) -> str:
        plural = "" if self.threads == 1 else "s"
        return f"agent, {self.durability or 'no capture'}, {self.threads} thread{plural}"


# Two threads are the agent's default, one is what the other proxies have.
AGENTS = (Agent(None, 2), Agent("append", 1), Agent("append", 2), Agent("disk", 2))
KAFKA_AGENT = Agent("kafka", 2)
OTHERS = ("nginx", "haproxy")


@dataclass(frozen=True)
class Systems:
    """Starts systems by name."""

    agent_binary: Path
    kafka: str | None
    kafka_topic: str

    def agents(self) -> dict[str, Agent]:
        """The agents of this run."""
        agents = AGENTS if self.kafka is None else (*AGENTS, KAFKA_AGENT)
        return {agent.name: agent for agent in agents}

    def names(self) -> list[str]:
        """Every system of this run, in the order of the report."""
        return [DIRECT, *OTHERS, *self.agents()]

    @contextmanager
    def running(self, name: str, backend: str, directory: Path) -> Iterator[Running]:
        """Starts a system in front of the backend `host:port` and stops it in the end."""
        if name == DIRECT:
            yield Running(backend, None)
            return
        agent = self.agents().get(name)
        if agent is None:
            yield from self._other(name, backend, directory)
        else:
            yield from self._agent(agent, backend, directory)

    def _other(self, name: str, backend: str, directory: Path) -> Iterator[Running]:
        port = free_port()
        config = directory / f"{name}.conf"
        template = NGINX_CONFIG if name == "nginx" else HAPROXY_CONFIG
        config.write_text(template.format(directory=directory, backend=backend, port=port))
        if name == "nginx":
            command = ["nginx", "-p", str(directory), "-e", "stderr", "-c", str(config)]
        else:
            command = ["haproxy", "-db", "-f", str(config)]
        process = Process(name, command, directory)
        try:
            process.await_port(port)
            yield Running(f"127.0.0.1:{port}", process)
        finally:
            process.stop()

    def _agent(self, agent: Agent, backend: str, directory: Path) -> Iterator[Running]:
        flags = {
            "destinationUri": f"http://{backend}",
            "listenAddress": "127.0.0.1",
            "listenPort": "0",
            "adminAddress": "127.0.0.1:0",
            "numThreads": str(agent.threads),
        }
        if agent.durability is not None:
            flags |= {
                "captureLogDir": str(directory / "capture-log"),
                "captureLogMaxBytes": CAPTURE_LOG_MAX_BYTES,
                "durability": agent.durability,
            }
        if agent.durability == "kafka":
            flags |= {"kafkaConnection": self.kafka or "", "kafkaTopic": self.kafka_topic}
        command = [str(self.agent_binary), *(word for key, value in flags.items() for word in (f"--{key}", value))]
        if agent.durability is None:
            command.append("--noCapture")
        process = Process("agent", command, directory)
        try:
            yield Running(process.announced("listening"), process, process.announced("admin"))
        finally:
            code = process.stop()
        if code != 0:
            raise BenchError(f"the agent ended with code {code} when asked to end")


@contextmanager
def backend(binary: Path, kind: Backend, directory: Path) -> Iterator[tuple[str, Process]]:
    """Starts a backend; its `host:port`."""
    flags = {
        "response-bytes": kind.answer_bytes,
        "cpu-micros": kind.cpu_micros,
        "delay-micros": kind.delay_micros,
    }
    command = [str(binary), *(word for key, value in flags.items() for word in (f"--{key}", str(value)))]
    process = Process(f"backend-{kind.key}", command, directory)
    try:
        yield process.announced("listening"), process
    finally:
        process.stop()
