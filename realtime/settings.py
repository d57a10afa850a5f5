"""Every interval and limit of the protocol, in one place, so that tests can scale them."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeSettings:
    """Times in seconds, sizes in bytes. The defaults are the protocol's."""

    # heartbeats and deadlines
    ping: float = 25.0
    pong_timeout: float = 8.0
    connect_timeout: float = 10.0
    expiry_grace: float = 25.0
    stall_timeout: float = 60.0
    close_grace: float = 3.0
    drain: float = 5.0
    sweep: float = 0.5
    # authorisation and lost hints
    poll: float = 1.0
    recheck: float = 30.0
    look: float = 1.0
    look_grace: float = 0.05
    presence_refresh: float = 10.0
    # the log
    degraded_after: float = 1.0
    append_timeout: float = 5.0
    reconnect_first: float = 0.05
    reconnect_max: float = 1.0
    owner_window: float = 2.0
    log_kept: float = 3600.0
    # SSE and long poll
    sse_comment: float = 15.0
    sse_retry_ms: int = 1000
    poll_wait_max: float = 25.0
    poll_bytes: int = 64 * 1024
    poll_events: int = 500
    # flow control
    window_events: int = 512
    window_bytes: int = 256 * 1024
    replay_events: int = 500
    replay_bytes: int = 256 * 1024
    recent_events: int = 64
    recent_bytes: int = 64 * 1024
    server_frame: int = 64 * 1024
    snapshot_hold: int = 512 * 1024
    batch_bytes: int = 1024 * 1024
    # what a client may send
    max_frame: int = 1024 * 1024
    max_command: int = 64 * 1024
    max_depth: int = 64
    subscriptions: int = 100
    sockets: int = 32
    commands_per_second: float = 200.0
    commands_burst: int = 400
    acks_per_second: float = 2000.0
    acks_burst: int = 4000
    concurrent: int = 8
    pending_commands: int = 256
    pending_bytes: int = 1024 * 1024
    limits: bool = True

    def scaled(self, factor: float) -> "RealtimeSettings":
        """The same with every time multiplied; sizes and counts stay."""
        times = {name: getattr(self, name) * factor for name in _TIMES}
        return replace(self, **times)


_TIMES = tuple(item.name for item in fields(RealtimeSettings) if item.type is float and "per_second" not in item.name)
