"""The only reader of environment variables. Every variable is documented in docs/configuration.md and .env.example."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What can be configured. Unset means the embedded default: a laptop with no account and no key."""

    model_config = SettingsConfigDict(env_prefix="ENGINE_", env_file=ROOT / ".env", extra="ignore", frozen=True)

    profile: Literal["local", "test", "kubernetes"] = "local"
    data_dir: Path = Field(default=ROOT / "data", description="embedded PostgreSQL, objects, DuckDB file, logs")
    ui_port: int = Field(default=3000, ge=1, le=65535, description="Dagster UI")
    gallery_port: int = Field(default=8000, ge=1, le=65535, description="gallery")

    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="postgresql://… of a PostgreSQL ≥ 15 with pgvector ≥ 0.8; unset: the embedded one",
    )
    object_store_url: str | None = Field(
        default=None,
        validation_alias="OBJECT_STORE_URL",
        description="s3://bucket/prefix or a folder; unset: <data_dir>/objects",
    )
    object_store_endpoint: str | None = Field(
        default=None,
        validation_alias="OBJECT_STORE_ENDPOINT",
        description="endpoint of an S3-compatible server, such as MinIO",
    )

    countries: str = Field(default="US,CA,GB,AU,DE,FR,JP", description="whose holidays calendar_events looks at")
    recorded_url: str | None = Field(
        default=None, description="payloads to replay: a folder or s3://bucket/prefix; unset: <data_dir>/recorded"
    )
    reports_dir: Path | None = Field(default=None, description="marketplace report CSVs; unset: <data_dir>/reports")
    embedder: str = Field(default="wordllama", description="wordllama, or sentence-transformers:<model id>")
    ideas_per_hour: int = Field(default=60, ge=1, le=5000)
    designs_per_hour: int = Field(default=20, ge=1, le=1000, description="the hour's best ideas that get drawn")
    marketplaces: str = Field(default="amazon_merch,etsy,redbubble", description="where listings are written for")
    approval: Literal["hand_over", "manual"] = Field(
        default="hand_over",
        description="hand_over: a listing whose spec passes is approved for an upload pack, which a person uploads",
    )
    min_outcomes: int = Field(default=200, ge=1, description="listings with metrics before weights are learned")

    @property
    def country_codes(self) -> tuple[str, ...]:
        """`countries` as a tuple of ISO 3166 codes."""
        return _names(self.countries.upper())

    @property
    def marketplace_names(self) -> tuple[str, ...]:
        """`marketplaces` as a tuple."""
        return _names(self.marketplaces)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
