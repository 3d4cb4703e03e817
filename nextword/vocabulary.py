"""Pieces: a sentencepiece unigram vocabulary with byte fallback, in which the last piece of a token says so.

Each token (a word or a run of symbols, `nextword.text.tokens`) is encoded on its own, with the space as a suffix
(Kudo 2018 for the unigram model). So a word's pieces never depend on its neighbours, a word of one piece is known to be
complete without a second step of the model, and no input is unknown.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import sentencepiece

from nextword.casing import Casing
from nextword.text import is_word, tokens

_END = "\u2581"  # sentencepiece writes a space as this
MAX_TOKEN_CHARACTERS = 64  # longer tokens are encoded by their beginning: nobody is offered a longer word
_CACHED_TOKENS = 200_000


class Vocabulary:
    """Piece ids of tokens, and back. Ids 0, 1, 2 and 3 are padding, start, end and the unused unknown."""

    pad, bos, eos, unknown = 0, 1, 2, 3

    def __init__(self, model: bytes, *, casing: Casing | None = None):
        """`casing` says how the words are written; models see them in lower case."""
        try:
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise ValueError("not a sentencepiece vocabulary") from error
        self.model, self.casing = model, casing or Casing()
        self._encoded: dict[str, tuple[int, ...]] = {}

    @classmethod
    def train(cls, lines: Iterable[str], *, size: int = 8000, seed: int = 0) -> Vocabulary:
        """Learn `size` pieces from normalised `lines`; fewer when the text is too small for so many.

        Raises ValueError where there is no text, or where its letters alone are more than `size` pieces.
        """
        sentencepiece.set_random_generator_seed(seed)
        spaced = [" ".join(tokens(line)) for line in lines]
        if not any(spaced):
            raise ValueError("no text to learn a vocabulary from")
        out = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(spaced),
                model_writer=out,
                model_type="unigram",
                vocab_size=size,
                hard_vocab_limit=False,
                byte_fallback=True,
                character_coverage=0.9995,
                treat_whitespace_as_suffix=True,
                normalization_rule_name="identity",
                split_by_unicode_script=False,  # tokens are split already, and "don't" is one of them
                split_by_number=False,
                max_sentence_length=1 << 30,  # a longer line would be left out without a word
                pad_id=cls.pad,
                bos_id=cls.bos,
                eos_id=cls.eos,
                unk_id=cls.unknown,
                num_threads=1,
                minloglevel=2,
            )
        except RuntimeError as error:
            needed = re.search(r"required_chars\. \d+ vs (\d+)", str(error))
            if needed is None:
                raise
            raise ValueError(
                f"{size} pieces are too few for this text's characters: give {needed[1]} or more"
            ) from None
        return cls(out.getvalue())

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.model).hexdigest()

    def encode_token(self, token: str) -> tuple[int, ...]:
        """The pieces of one token; the last of them is final, no other is."""
        pieces = self._encoded.get(token)
        if pieces is None:
            clean = token[:MAX_TOKEN_CHARACTERS].replace(_END, "_")
            pieces = tuple(self._processor.encode(clean))
            if len(self._encoded) < _CACHED_TOKENS:
                self._encoded[token] = pieces
        return pieces

    def encode_tokens(self, message: Sequence[str]) -> list[int]:
        return [piece for token in message for piece in self.encode_token(token)]

    def encode(self, text: str) -> list[int]:
        """The pieces of a normalised text, without start and end."""
        return self.encode_tokens(tokens(text))

    @cached_property
    def surfaces(self) -> list[bytes]:
        """What each piece spells, as UTF-8 bytes without the end mark; empty for the control pieces."""
        surfaces = []
        for piece in range(len(self)):
            text = self._processor.id_to_piece(piece)
            if self._processor.is_byte(piece):
                surfaces.append(bytes([int(text[3:5], 16)]))
            elif self._processor.is_control(piece) or self._processor.is_unknown(piece):
                surfaces.append(b"")
            else:
                surfaces.append(text.removesuffix(_END).encode())
        return surfaces

    @cached_property
    def final(self) -> np.ndarray:
        """Whether each piece ends its token, as booleans [V]."""
        return np.array([self._processor.id_to_piece(piece).endswith(_END) for piece in range(len(self))])

    @cached_property
    def whole_words(self) -> np.ndarray:
        """Whether each piece is a complete word by itself, as booleans [V]."""
        texts = [surface.decode(errors="replace") for surface in self.surfaces]
        words: np.ndarray = self.final & np.array([is_word(text) for text in texts])
        return words
