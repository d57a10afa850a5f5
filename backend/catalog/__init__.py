"""Which models exist, who serves them, what they cost and how they continue a partial answer."""
