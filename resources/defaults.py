"""The world as the settings describe it: every resource that an asset may ask for, by its key.

What belongs here: which implementation stands behind a key. What does not: what it does. Nothing here connects or
loads before a run asks for it, so definitions load on a machine that has none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dagster as dg

from pipeline.designs.prints.separations import BUILT_IN
from pipeline.listings.marketplaces import marketplaces
from resources.archive import Archive
from resources.artists import Artist, artist
from resources.cache import Cache
from resources.embedders import Embedder, embedder
from resources.objects import Objects
from resources.postgres import database_urls
from resources.reports import ReportFolder
from resources.screens import screen
from resources.settings import Settings, names
from resources.store import Store
from resources.studio import studio
from resources.vault import vault
from resources.warehouse import Warehouse
from resources.workshop import Workshop, print_areas, print_forms


def object_store(settings: Settings) -> Objects:
    """The object store of the settings: S3, a folder, or the folder `objects` in the data folder."""
    url = settings.object_store_url or str(settings.data_dir.resolve() / "objects")
    return Objects(url, endpoint=settings.object_store_endpoint)


def default_resources(settings: Settings) -> Mapping[str, object]:
    """The resources by key, made anew for each run."""

    @dg.resource
    def store(_: dg.InitResourceContext) -> Iterator[Store]:
        with database_urls(settings) as urls, Store(urls.engine) as opened:
            yield opened

    @dg.resource
    def warehouse(_: dg.InitResourceContext) -> Iterator[Warehouse]:
        with database_urls(settings) as urls:
            yield Warehouse(urls.engine, settings.data_dir.resolve() / "warehouse")

    @dg.resource
    def cache(_: dg.InitResourceContext) -> Iterator[Cache]:
        with Cache(settings.redis_url) as opened:
            yield opened

    @dg.resource(required_resource_keys={"store"})
    def drawing(context: dg.InitResourceContext) -> Artist:
        return artist(settings, context.resources.store)

    @dg.resource(required_resource_keys={"store", "objects", "artist", "embedder"})
    def workshop(context: dg.InitResourceContext) -> Workshop:
        embeds: Embedder = context.resources.embedder
        return Workshop(
            store=context.resources.store,
            objects=context.resources.objects,
            artist=context.resources.artist,
            screen=screen(settings),
            near_words=(embeds.model, embeds.near_copy.cosine),
            areas=print_areas(names(settings.print_areas)),
            forms=print_forms(names(settings.print_formats)),
            profile=str(settings.cmyk_profile) if settings.cmyk_profile else BUILT_IN,
            sizes={name: marketplaces()[name].print_area.max_bytes for name in settings.marketplace_names},
        )

    return {
        "settings": settings,
        "store": store,
        "cache": cache,
        "objects": dg.ResourceDefinition(lambda _: object_store(settings)),
        "archive": dg.ResourceDefinition(lambda _: Archive(object_store(settings), vault(settings))),
        "vault": dg.ResourceDefinition(lambda _: vault(settings)),
        "embedder": dg.ResourceDefinition(lambda _: embedder(settings.embedder)),
        "reports": ReportFolder(settings.reports_dir or settings.data_dir.resolve() / "reports"),
        "warehouse": warehouse,
        "artist": drawing,
        "workshop": workshop,
        "studio": dg.ResourceDefinition(lambda _: studio(settings)),
    }
