"""`engine forget`: where it looks, and what it tells afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from cli.instance import Instance
from resources.archive import Archive
from resources.cache import Cache
from resources.defaults import object_store
from resources.erasure import Places, Report
from resources.fetching.cache import cache
from resources.settings import Settings
from resources.store import Store
from resources.vault import vault
from resources.warehouse import Warehouse


@contextmanager
def places(settings: Settings, instance: Instance) -> Iterator[Places]:
    """Everywhere that something of somebody may be."""
    guard, objects, kept = vault(settings), object_store(settings), cache(settings)
    try:
        with Store(instance.store_url) as store, Cache(settings.redis_url) as topics:
            yield Places(
                store=store,
                archive=Archive(objects, guard),
                objects=objects,
                vault=guard,
                http_cache=kept,
                topics_cache=topics,
                warehouse=Warehouse(instance.store_url, settings.data_dir.resolve() / "warehouse"),
                dagster_url=instance.dagster_url,
            )
    finally:
        kept.close()


def show_report(report: Report, out: Console) -> None:
    """The report for people."""
    out.print(f"forgotten: {report.signals} signals and {report.ideas} ideas made of them ({report.subject})")
    for table, rows in report.rows.items():
        out.print(f"  {table}: {rows} rows")
    out.print(
        f"  archive: {report.archive_items} items in {report.archive_payloads} payloads "
        f"({report.archive_removed} payloads removed whole)"
    )
    out.print(f"  {report.webhooks} webhooks, {report.objects} files, {report.log_entries} entries of Dagster's log")
    for listing in report.take_down:
        out.print(
            f"  [yellow]take down by hand:[/] {listing.marketplace} {listing.external_id or '(not reported yet)'}"
        )
    if report.left:
        out.print(f"[red]still found:[/] {report.left}: run again")
    else:
        out.print("looked everywhere once more: nothing is left")
