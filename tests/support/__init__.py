"""What tests share: engines of the run, the product as a process, a browser."""
