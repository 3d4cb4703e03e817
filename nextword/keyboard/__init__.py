"""The keyboard's screen. It holds no model: it is handed what predicts and what learns."""
