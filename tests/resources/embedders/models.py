"""Tiny sentence-transformers models with random weights, made on the spot: real files, nothing of a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = ("the", "my", "dog", "cat", "coffee", "tomato", "garden", "camping", "powered", "by", "with", "before", "and")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CARD = "---\nlicense: apache-2.0\n---\n\n# A tiny model\n"


def tiny(folder: Path, *, pooling: str = "mean", normalize: bool = True, seed: int = 1, length: int = 16) -> Path:
    """A BERT of two layers with a WordPiece vocabulary of single letters and a few words, saved to the folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(seed)
    raw = folder.with_name(f"{folder.name}-raw")
    raw.mkdir(parents=True)
    pieces = [*LETTERS, *(f"##{letter}" for letter in LETTERS), "'", ",", ":"]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *pieces]
    vocabulary = list(dict.fromkeys(vocabulary))
    tokenizer = BertWordPieceTokenizer({word: at for at, word in enumerate(vocabulary)}, lowercase=True)
    tokenizer.save(str(raw / "tokenizer.json"))
    BertTokenizerFast(tokenizer_file=str(raw / "tokenizer.json"), model_max_length=64).save_pretrained(raw)
    BertModel(
        BertConfig(
            vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=64, max_position_embeddings=64, initializer_range=0.5,
        )
    ).save_pretrained(raw)  # fmt: skip
    transformer = modules.Transformer(str(raw), max_seq_length=length)
    parts: list[Any] = [transformer, modules.Pooling(32, pooling_mode=pooling)]
    if normalize:
        parts.append(modules.Normalize())
    SentenceTransformer(modules=parts, device="cpu").save(str(folder))
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    return folder
