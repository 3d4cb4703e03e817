"""Emojis by word: those whose names in Unicode's list begin or end with it, and a few that people use by habit."""

from __future__ import annotations

from functools import cache

_SHORTEST = 3  # letters; "on", "ok" and "a" are names of signs that nobody means
_HABITS = {
    "angry": "😠", "bye": "👋", "congrats": "🎉", "congratulations": "🎉", "haha": "😂", "happy": "😊", "hello": "👋",
    "hug": "🤗", "hugs": "🤗", "lol": "😂", "love": "❤️", "miss": "🥺", "please": "🙏", "sad": "😢", "sorry": "😔",
    "thank": "🙏", "thanks": "🙏", "wow": "😮", "yay": "🎉", "yes": "👍",
}  # fmt: skip
_TELLS_NOTHING = frozenset(
    "and black blue brown button clock down face first flag free full good green grey half high large last left light "
    "long low mark medium middle new not old one open out red right sign small soon thirty three the top two up white "
    "with yellow".split()
)


def emojis(word: str) -> list[str]:
    """Those for a word in any capitals, the closest first; mostly none."""
    return _by_word().get(word.lower(), [])


@cache
def _by_word() -> dict[str, list[str]]:
    from emoji import EMOJI_DATA, STATUS

    ranked = {word: [(-1, -1, sign)] for word, sign in _HABITS.items()}
    for place, (sign, about) in enumerate(EMOJI_DATA.items()):
        if about["status"] != STATUS["fully_qualified"] or "_skin_tone" in about["en"]:
            continue
        for rank, name in enumerate((about["en"], *about.get("alias", ()))):
            parts = name.strip(":").lower().replace("-", "_").removesuffix("_face").split("_")
            for last, word in ((True, parts[-1]), (False, parts[0])):
                if len(word) >= _SHORTEST and word not in _TELLS_NOTHING:
                    far = 20 * (len(parts) - 1) + 10 * (not last) + rank
                    ranked.setdefault(word, []).append((far, place, sign))
    return {word: list(dict.fromkeys(sign for *_, sign in sorted(found))) for word, found in ranked.items()}
