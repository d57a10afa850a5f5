"""What operators touch: health, doctor, the page's shell and generated documents."""
