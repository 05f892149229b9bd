"""The only reader of environment variables. Every variable is documented in docs/configuration.md and .env.example."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from resources.pods import GpuPod

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

    secret_key: SecretStr | None = Field(
        default=None,
        description="32 or more characters: the archive's key and the salt of author hashes come from it; several, "
        "separated by commas: the first seals, all open; unset: made once in <data_dir>/secret.key",
    )
    raw_retention_days: int = Field(default=30, ge=1, le=3650, description="days that raw payloads are kept")

    sources: str = Field(default="all", description="all, or the names of the sources to listen to")
    contact: str | None = Field(
        default=None, description="e-mail or page under which sources can reach you; live sources are off without it"
    )
    reddit_client_id: SecretStr | None = Field(default=None, validation_alias="REDDIT_CLIENT_ID")
    reddit_client_secret: SecretStr | None = Field(default=None, validation_alias="REDDIT_CLIENT_SECRET")
    reddit_subreddits: str = Field(default="", description="subreddits to listen to beside r/all")
    youtube_api_key: SecretStr | None = Field(default=None, validation_alias="YOUTUBE_API_KEY")
    youtube_regions: str = Field(default="US", description="ISO 3166 codes")
    youtube_categories: str = Field(default="", description="ids of video categories; empty: the chart of all")
    wikipedia_languages: str = Field(default="en", description="language codes of the Wikipedias")
    trends_regions: str = Field(default="US", description="ISO 3166 codes for Google Trends")
    mastodon_instances: str = Field(default="mastodon.social", description="host names")
    instagram_access_token: SecretStr | None = Field(default=None, validation_alias="INSTAGRAM_ACCESS_TOKEN")
    instagram_user_id: str | None = Field(default=None, validation_alias="INSTAGRAM_USER_ID")
    instagram_hashtags: str = Field(default="", description="at most 30 hashtags in any 7 days, without #")
    tiktok_browser: Path | None = Field(
        default=None, description="a Chromium; set it only after reading what docs/sources.md says of TikTok's terms"
    )
    tiktok_proxies: SecretStr | None = Field(default=None, description="http://user:password@host:port, …")

    webhooks: SecretStr | None = Field(
        default=None, description='JSON: {"<source>": {"scheme": "standard", "secrets": ["whsec_…"]}}'
    )
    redis_url: SecretStr | None = Field(default=None, validation_alias="REDIS_URL", description="cache of hot topics")

    countries: str = Field(default="US,CA,GB,AU,DE,FR,JP", description="whose holidays calendar_events looks at")
    recorded_url: str | None = Field(
        default=None, description="payloads to replay: a folder or s3://bucket/prefix; unset: <data_dir>/recorded"
    )
    reports_dir: Path | None = Field(default=None, description="marketplace report CSVs; unset: <data_dir>/reports")
    community_titles: Path | None = Field(
        default=None, description="titles of communities to learn niches from: a folder of CSV and Parquet files"
    )
    embedder: str = Field(
        default="wordllama", description="wordllama, sentence-transformers:<model id or folder>, or onnx:<folder>"
    )
    ideas_per_hour: int = Field(default=60, ge=1, le=5000)
    designs_per_hour: int = Field(default=20, ge=1, le=1000, description="the hour's best ideas that get drawn")
    artists: str = Field(
        default="composer", description="who is asked to draw, in order: composer, and painters of resources.artists"
    )
    painter_seconds: float = Field(
        default=180.0, gt=0, le=3600, description="that a painter may take for a picture before the next one is asked"
    )
    picture_budget_usd: float = Field(
        default=0.0, ge=0, description="US dollars that pictures may cost in a UTC day; 0: painters that cost are off"
    )
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_url: str = Field(default="https://api.openai.com/v1", description="base URL of the API")
    openai_model: str = Field(default="gpt-image-1.5")
    openai_quality: Literal["low", "medium", "high"] = "medium"
    stability_api_key: SecretStr | None = Field(default=None, validation_alias="STABILITY_API_KEY")
    stability_model: str = Field(default="sd3.5-medium")
    comfyui_url: str = Field(default="http://127.0.0.1:8188")
    comfyui_workflow: Path | None = Field(default=None, description="a workflow in API format; unset: SDXL's")
    automatic1111_url: str = Field(default="http://127.0.0.1:7860")
    automatic1111_auth: SecretStr | None = Field(
        default=None, validation_alias="AUTOMATIC1111_AUTH", description="user:password of --api-auth"
    )
    checkpoint: str | None = Field(
        default=None, description="checkpoint file of ComfyUI and Automatic1111; unset: SDXL's base, and what is loaded"
    )
    checkpoint_licence: str = Field(default="not stated", description="under which its pictures may be used")
    models_dir: Path | None = Field(
        default=None, description="downloaded models, as the hub's library lays them out; unset: where it keeps them"
    )
    sdxl_model: str = Field(
        default="stabilityai/stable-diffusion-xl-base-1.0", description="id or folder of the model that sdxl draws with"
    )
    sdxl_refiner: str | None = Field(default=None, description="id or folder of the model that finishes the pictures")
    sdxl_lora: str | None = Field(default=None, description="id, folder or file of a style to add to the model")
    sdxl_lora_scale: float = Field(default=1.0, gt=0, le=2, description="how much of the style")
    sdxl_scheduler: str | None = Field(default=None, description="a scheduler of diffusers; unset: the model's own")
    sdxl_steps: int = Field(default=30, ge=1, le=150)
    sdxl_guidance: float = Field(default=7.0, ge=0, le=20, description="how strictly the prompt is followed")
    sdxl_compile: bool = Field(default=False, description="compile the model: for processes that draw many pictures")
    sdxl_cpu: bool = Field(default=False, description="draw on the CPU where there is no GPU: minutes for a picture")
    clip_model: str = Field(
        default="openai/clip-vit-base-patch32", description="id or folder of the model that looks at painted pictures"
    )
    print_areas: str = Field(
        default="tee", description="tee, hoodie, square, phone, mug, sticker, redbubble: what print files are made for"
    )
    print_formats: str = Field(default="png", description="png, svg, cmyk: what print files are made as")
    products: str = Field(default="tee", description="what designs are pictured on")
    cutout_model: str | None = Field(
        default=None, description="ONNX file of a background removal model, or <name in rembg>:<file>; extra cutout"
    )
    upscaler_model: Path | None = Field(
        default=None, description="ONNX file of a super-resolution model for small pictures; extra onnx"
    )
    cmyk_profile: Path | None = Field(
        default=None, description="ICC profile of the press, for CMYK files and gamut; unset: the one inside libvips"
    )
    mockup_templates: Path | None = Field(default=None, description="a folder of photo templates: further products")
    marketplaces: str = Field(default="amazon_merch,etsy,redbubble", description="where listings are written for")
    approval: Literal["hand_over", "manual"] = Field(
        default="hand_over",
        description="hand_over: a listing whose spec passes and whose artwork was screened is approved for an upload "
        "pack, which a person uploads",
    )
    min_outcomes: int = Field(default=200, ge=1, description="listings with metrics before weights are learned")
    backtest_days: int = Field(default=7, ge=5, le=60, description="past days on which new weights are judged")
    gpu_pod: GpuPod = Field(default=GpuPod(), description="JSON: what the step `designs` asks of Kubernetes")

    @property
    def country_codes(self) -> tuple[str, ...]:
        """`countries` as a tuple of ISO 3166 codes."""
        return names(self.countries.upper())

    @property
    def marketplace_names(self) -> tuple[str, ...]:
        """`marketplaces` as a tuple."""
        return names(self.marketplaces)

    def unset(self, variables: Sequence[str]) -> tuple[str, ...]:
        """Which of the environment variables have no value."""
        fields = {
            str(info.validation_alias or f"ENGINE_{name.upper()}"): name for name, info in Settings.model_fields.items()
        }
        return tuple(variable for variable in variables if not getattr(self, fields[variable]))


def names(text: str) -> tuple[str, ...]:
    """The names in a list separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
