"""The rows of the fault table: their numbers and what goes wrong in each."""

TITLES = {
    "1": "page refresh in mid-answer",
    "2": "network change",
    "3": "silent death of a line",
    "4": "cut inside a frame",
    "5": "subscribing while it is written",
    "6": "five devices, joining at different times",
    "7": "slow readers, WebSocket and SSE",
    "8": "a client that never reads",
    "9": "resume on another node",
    "10": "the node that holds the socket dies",
    "11": "the node that owns the answer dies",
    "12": "death between the commit and the terminal event",
    "13": "a zombie owner",
    "14": "two claimants",
    "15": "the provider hangs",
    "16": "the provider cuts, refuses, talks nonsense",
    "17": "Redis restarts with its data",
    "18": "Redis loses the tail",
    "18b": "Redis loses the tail and the owner is dead",
    "19": "Redis wiped",
    "20": "Redis wiped and the owner dead",
    "21": "Redis frozen",
    "22": "hints lost",
    "23": "PostgreSQL restarts",
    "24": "PostgreSQL down at a send",
    "25": "the reply to a send is lost",
    "26": "cancel races the end, and a takeover",
    "27": "rolling restart of all nodes under load",
    "28": "reconnect storm",
    "29": "a worker dies in a job",
    "30": "the broker restarts, wiped or not",
    "31": "nginx reload; an idle socket",
    "32": "a node's clock is an hour off",
    "33": "Redis full",
    "35": "a soak",
}

SOAK = "35"
"""Runs only on demand."""

LONG = {"3", "7", "8", "31"}
"""Rows that mostly wait, and the number of seeds that is enough for them."""
MOST_LONG = 3
