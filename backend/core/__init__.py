"""What every feature stands on: errors, ids, database access, outbox, idempotency, encryption. No features."""
