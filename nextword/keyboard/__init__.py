"""The keyboard's screen. It holds no model: it is handed what predicts and what learns."""

import os

# A key brings two frames, its letter and then the words for it; at Textual's 60 the second waits 17 ms for its turn.
# Read when Textual is first imported; whoever sets it has their way.
os.environ.setdefault("TEXTUAL_FPS", "500")
