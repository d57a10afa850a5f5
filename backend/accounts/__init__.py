"""People, teams, keys and tokens: one path of authentication, one function of permission."""
