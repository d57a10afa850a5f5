"""What each row of the fault table stands on, and what happens when it is taken away.

`make faults PROVE=1` runs every row once without its mechanism and expects the row to fail: a test that holds all the
same proves nothing. The product has no switches for that. The nodes of such a run are started by `node`, which patches
functions of the running process as the world asks it to, and takes the patches back after the row; what clients do
(`at="client"`) is sabotaged where the row's client is made.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Sabotage:
    """`test`: how the names of the tests begin (after `test_`) that are to fail. `says`: what is missing."""

    test: str
    name: str
    says: str
    at: Literal["node", "client"] = "node"


SABOTAGES = [
    Sabotage("row_1_", "no-snapshot", "who comes without a position sees only what follows"),
    Sabotage("row_2_", "no-replay", "what lies between a position and the end is not sent again"),
    Sabotage("row_3_", "no-pong-limit", "the server does not mind a pong that never comes"),
    Sabotage("row_3_", "endless-patience", "the client does not mind silence", "client"),
    Sabotage("row_4_", "half-events", "the client applies what it has of a cut event", "client"),
    Sabotage("row_5_", "read-then-register", "a subscription reads first and registers later"),
    Sabotage("row_6_", "two-sources", "a snapshot has its text from the checkpoint, its position from the log"),
    Sabotage("row_7_", "no-window", "no window of unacknowledged bytes, no high-water mark"),
    Sabotage("row_8_", "no-stall-limit", "a reader may stand still for ever"),
    Sabotage("row_9_", "memory-only", "a node replays only what it has in memory"),
    Sabotage("row_10_", "no-replay", "what lies between a position and the end is not sent again"),
    Sabotage("row_10_", "slow-return", "the client waits for 6 s before it comes back", "client"),
    Sabotage("row_11_", "no-sweeper", "nobody looks for answers whose owner is gone"),
    Sabotage("row_12_", "no-seal", "a missing terminal event is not made from the database"),
    Sabotage("row_13_", "no-fence", "the log takes appends of older attempts"),
    Sabotage("row_14_", "claim-again", "a claim does not look whether the lease is still over"),
    Sabotage("row_15_", "no-watchdog", "a silent provider is waited for without end"),
    Sabotage("row_16_a_refusal", "no-retries", "a refusal before the first token is final"),
    Sabotage("row_16_a_break", "retry-after-tokens", "a break after tokens were shown is tried again"),
    Sabotage("row_17_", "forget-unsent", "what could not be sent to Redis is forgotten"),
    Sabotage("row_18_a_", "shorter-is-right", "the owner believes a log that has become shorter"),
    Sabotage("row_18b_", "same-store", "a takeover believes a log that another run of Redis has"),
    Sabotage("row_19_", "no-rebuild", "the owner of a log that is gone gives up"),
    Sabotage("row_20_", "old-epoch", "a log that begins anew keeps its epoch"),
    Sabotage("row_20_", "no-checkpoint", "no checkpoint is read"),
    Sabotage("row_21_", "no-same-append", "an append that is there already counts as a conflict"),
    Sabotage("row_22_", "no-look", "nobody compares the append counter once a second"),
    Sabotage("row_23_", "no-heartbeat", "a claim does not look whether the owner is alive"),
    Sabotage("row_24_", "no-keys", "idempotency keys are ignored"),
    Sabotage("row_25_", "no-keys", "idempotency keys are ignored"),
    Sabotage("row_26_a_cancel_races", "cancel-beside", "a stop ends the answer beside its owner, unconditionally"),
    Sabotage("row_26_a_cancel_survives", "cancel-forgotten", "whoever takes over does not look at the flag"),
    Sabotage("row_27_", "no-drain", "a node that is told to stop stops at once"),
    Sabotage("row_28_", "no-jitter", "all clients come back at the same moment", "client"),
    Sabotage("row_28_", "no-sharing", "each subscription reads the topic's state for itself"),
    Sabotage("row_29_a_killed_worker", "no-requeue", "nobody tells the broker again of jobs that nobody has"),
    Sabotage("row_29_a_killed_place", "rows-again", "whoever takes a job over does all of its rows again"),
    Sabotage("row_29_a_worker_that", "no-job-fence", "whoever has had a job may go on writing to it"),
    Sabotage("row_30_", "no-requeue", "nobody tells the broker again of jobs that nobody has"),
    Sabotage("row_31_", "no-replay", "what lies between a position and the end is not sent again"),
    Sabotage("row_31_", "no-pings", "an idle socket is not pinged"),
    Sabotage("row_32_", "local-clock", "leases go by each node's own clock, and heartbeats are not looked at"),
    Sabotage("row_33_", "full-is-fine", "a write that Redis refused for want of memory counts as done"),
]


def of(test: str) -> list[str]:
    """The names of a test's sabotages."""
    return [one.name for one in SABOTAGES if test.startswith(f"test_{one.test}")]


AT_CLIENTS = {one.name for one in SABOTAGES if one.at == "client"}
