"""The sequence by which an idea becomes a design, or a refusal that says why not.

What belongs here: the order of the steps, and what is recorded of each. What does not: drawing (`resources.artists`),
the rules that the steps apply (`pipeline.designs`, `pipeline.ideas.screening`), which ideas are drawn (`assets`).

    words screened → words compared → drawn → pictures screened → proved → form compared → files put → recorded

All of it happens in one transaction that holds the claim on the idea: a run that is killed leaves nothing half done,
and a second run waits for the first and takes what it made. While an artist draws, the transaction is open and idle; it
holds no row and no snapshot.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import NamedTuple

from pipeline.designs.areas import AREAS, TEE, Area
from pipeline.designs.compose import picture_scale, svg, thumbnail, word_inks
from pipeline.designs.copies import Copy, copied
from pipeline.designs.prints.fingerprint import NEAR, fingerprint
from pipeline.designs.prints.proof import prove
from pipeline.designs.prints.proof_picture import proof_picture
from pipeline.designs.prints.separations import BUILT_IN, pdf, tiff
from pipeline.designs.prints.vectors import trace
from pipeline.ideas.screening import screen
from pipeline.listings.artwork import COPY, PHRASE
from pipeline.models import (
    Attempt,
    Brief,
    Decision,
    Drawing,
    GarmentColor,
    Idea,
    Proof,
    Recipe,
    Verdict,
    sha256,
)
from resources.artists import Artist
from resources.errors import PermanentError, UndrawableError
from resources.objects import THUMB_PX, Objects, idea_prefix
from resources.screens import Screen
from resources.settings import ROOT
from resources.store import Store, StoredDesign, Transaction
from resources.store.designs import DesignFile
from resources.store.refusals import Refusal, Stage
from resources.typefaces import typefaces

DECIDES = ("pipeline/designs", "pipeline/ideas/screening.py", "resources/artists", "resources/workshop.py")
"""The code that an idea's refusal depends on."""


TRIES = 3
"""Designs that are composed for an idea at most."""
FORMS = {"svg": ".svg", "tif": ".tif", "pdf": ".pdf"}
"""Name of a form in a design's files → suffix: outlines, and CMYK twice."""
FORMATS = {"png": (), "svg": ("svg",), "cmyk": ("tif", "pdf")}
"""Of ENGINE_PRINT_FORMATS → the forms."""


class _File(NamedTuple):
    """A file beside the tee's print file: an area's by its name, or a form of FORMS."""

    name: str
    body: bytes
    proof: Proof | None = None


class _RefusedError(Exception):
    """Stops the sequence."""

    def __init__(self, stage: Stage, reason: str, attempts: tuple[Attempt, ...] = (), copy: Copy | None = None) -> None:
        super().__init__(reason)
        self.stage, self.reason, self.attempts, self.copy = stage, reason, attempts, copy


@dataclass(frozen=True)
class Workshop:
    """Where designs are made.

    Args:
        store: the record.
        objects: where files go.
        artist: who draws.
        screen: looks at pictures that models made.
        near_words: embedding model, and the cosine from which on two phrases say the same to it.
        areas: print areas that a file is made for beside that of the tee.
        forms: of FORMS, in which the tee's file is made as well.
        sizes: marketplace → bytes that its print file may have.
        profile: path of an ICC profile of a CMYK press, or BUILT_IN.
    """

    store: Store
    objects: Objects
    artist: Artist
    screen: Screen
    near_words: tuple[str, float]
    areas: tuple[Area, ...] = ()
    forms: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    profile: str = BUILT_IN

    def make(self, idea: Idea, recent: list[Recipe]) -> StoredDesign | Refusal:
        """The idea's design, or why there is none: made now, or found if another run or an earlier one made it.

        A refusal stands for the idea's hour, as long as the idea, the code and what is configured are the same.

        Args:
            idea: of the record.
            recent: recipes of the designs before it, the last one last.

        Raises:
            PermanentError, TransientError: nobody draws now, or the record or the object store fails.
        """
        basis = self._basis(idea)
        with self.store.transaction() as tx:
            tx.designs.claim(idea.id)
            found = tx.designs.of(idea.id) or tx.refusals.standing(idea.id, idea.hour, basis)
            if found:
                return found
            verdicts: list[Verdict] = []
            try:
                design = self._design(tx, idea, recent, verdicts)
            except _RefusedError as refused:
                refusal = Refusal(
                    idea_id=idea.id,
                    hour=idea.hour,
                    stage=refused.stage,
                    reason=refused.reason,
                    basis=basis,
                    verdicts=tuple(verdicts),
                    attempts=refused.attempts,
                    copies=refused.copy.of if refused.copy else None,
                )
                tx.refusals.record(refusal)
                return refusal
            tx.designs.record([design])
            tx.refusals.clear([idea.id])
            tx.decisions.record(_decisions(design))
            return design

    def _design(self, tx: Transaction, idea: Idea, recent: list[Recipe], verdicts: list[Verdict]) -> StoredDesign:
        """The design; what the screens find is added to `verdicts`, also where it is refused."""
        verdicts.append(screen(PHRASE, idea.phrase))
        _stop_at_failed("words", verdicts)
        self._stop_at_copy(tx, idea, verdicts)
        drawing, proof = self._proved(idea, recent, verdicts)
        form = fingerprint(drawing.png)
        files = list(self._others(drawing, verdicts))
        tx.designs.alone()
        self._stop_at_copy(tx, idea, verdicts, form, drawing.attempts)
        return self._kept(idea, drawing, verdicts, proof, files, form)

    def _proved(self, idea: Idea, recent: list[Recipe], verdicts: list[Verdict]) -> tuple[Drawing, Proof]:
        """A drawing that is fit to be sold and printed, with its proof.

        What the composer alone drew and its proof stops is composed anew, unlike that one, TRIES times in all. A
        picture of a model costs too much for that.
        """
        tried: tuple[Attempt, ...] = ()
        for left in reversed(range(TRIES)):
            drawing = self._draw(idea, recent, verdicts)
            drawing = drawing.model_copy(update={"attempts": (*tried, *drawing.attempts)})
            try:
                found = [self.screen.look(picture) for picture in drawing.pictures.values()]
                verdicts += found
                _stop_at_failed("picture", found, drawing.attempts)
                proof = self._proof(drawing.png, TEE, drawing)
            except UndrawableError as error:
                raise _RefusedError("picture", str(error), drawing.attempts) from error
            except ValueError as error:
                raise _RefusedError("proof", str(error), drawing.attempts) from error
            if not proof.faults:
                return drawing, proof
            faults = "; ".join(proof.faults)
            if drawing.pictures or not left:
                raise _RefusedError("proof", faults, drawing.attempts)
            *before, drew = drawing.attempts
            tried = (
                *before,
                drew.model_copy(update={"outcome": "faulty", "detail": f"{drawing.recipe.layout}: {faults}"}),
            )
            recent = [*recent, drawing.recipe]
        raise AssertionError("the last try returns or raises")

    def _proof(self, png: bytes, area: Area, drawing: Drawing) -> Proof:
        return proof_of(png, area, drawing.recipe, drawing.garments, self.sizes, self.profile)

    def _others(self, drawing: Drawing, verdicts: list[Verdict]) -> Iterator[_File]:
        """The files beside the tee's; a verdict says why one could not be made."""
        areas = [(area.name, partial(self._for_area, drawing, area)) for area in self.areas]
        forms = [(form, partial(self._in_form, drawing, form)) for form in self.forms]
        for name, make in [*areas, *forms]:
            try:
                yield make()
            except (UndrawableError, ValueError) as error:
                why = Verdict(check=f"{name} file", result="failed", detail=str(error), source="the file itself")
                verdicts.append(why)

    def _for_area(self, drawing: Drawing, area: Area) -> _File:
        """The print file of another area. Raises ValueError where it fails its proof."""
        png = self.artist.render(drawing.recipe, area, drawing.pictures)
        proof = self._proof(png, area, drawing)
        if proof.faults:
            raise ValueError("; ".join(proof.faults))
        return _File(area.name, png, proof)

    def _in_form(self, drawing: Drawing, form: str) -> _File:
        """The tee's print file in another form. Raises ValueError where the design has none."""
        if form == "tif":
            return _File(form, tiff(drawing.png, self.profile))
        if form == "pdf":
            return _File(form, pdf(drawing.png, self.profile))
        outlines = trace(drawing.png) if drawing.pictures else svg(drawing.recipe, typefaces(), TEE)
        return _File(form, outlines.encode())

    def _draw(self, idea: Idea, recent: list[Recipe], verdicts: list[Verdict]) -> Drawing:
        begun = time.monotonic()
        try:
            drawing = self.artist.draw(Brief.of(idea), recent)
        except UndrawableError as error:
            verdicts += error.verdicts
            raise _RefusedError("artist", str(error), error.attempts) from error
        verdicts += drawing.verdicts
        if drawing.attempts:
            return drawing
        seconds = round(time.monotonic() - begun, 3)
        alone = Attempt(artist=self.artist.name, outcome="drew", detail=drawing.recipe.artist, seconds=seconds)
        return drawing.model_copy(update={"attempts": (alone,)})

    def _stop_at_copy(
        self,
        tx: Transaction,
        idea: Idea,
        verdicts: list[Verdict],
        form: str | None = None,
        attempts: tuple[Attempt, ...] = (),
    ) -> None:
        """Compare words, and form where there is a fingerprint; the verdict replaces an earlier one."""
        model, near_words = self.near_words
        others = tx.designs.neighbours(idea.id, form)
        if idea.embedding_model != model:  # its cosines mean something else
            others = [other.model_copy(update={"cosine": None}) for other in others]
        copy = copied(idea, others, near_words=near_words, near_form=NEAR)
        compared = f"words by {model} from a cosine of {near_words:.2f}, form up to {NEAR} of 256 bits"
        verdicts[:] = [verdict for verdict in verdicts if verdict.check != COPY]
        if copy:
            verdicts.append(Verdict(check=COPY, result="failed", detail=copy.reason, source=compared))
            raise _RefusedError("duplicate", copy.reason, attempts, copy)
        if idea.embedding_model != model:
            detail = f"its vector is of {idea.embedding_model}: run `engine reembed`"
            verdicts.append(Verdict(check=COPY, result="not_checked", detail=detail, source=compared))
            return
        detail = f"no near-copy among {len(others)} nearest designs"
        verdicts.append(Verdict(check=COPY, result="passed", detail=detail, source=compared))

    def _kept(
        self,
        idea: Idea,
        drawing: Drawing,
        verdicts: Sequence[Verdict],
        proof: Proof,
        files: Sequence[_File],
        form: str,
    ) -> StoredDesign:
        folder = idea_prefix(idea.id)
        garments = tuple(garment for garment in drawing.garments if garment.name not in proof.dropped)
        thumb = thumbnail(drawing.png, THUMB_PX, garments[0].hex)
        return StoredDesign(
            idea_id=idea.id,
            hour=idea.hour,
            recipe=drawing.recipe,
            s3_uri=self.objects.put_content(folder, drawing.png, ".png"),
            thumb_uri=self.objects.put_content(folder, thumb, ".jpg"),
            sha256=drawing.digest,
            width=drawing.width,
            height=drawing.height,
            dpi=drawing.dpi,
            garments=garments,
            contrasts={**drawing.contrasts, **proof.contrasts},
            attempts=drawing.attempts,
            gpu_seconds=_gpu_seconds(drawing),
            pictures={
                digest: self.objects.put_content(f"{folder}/pictures", picture, ".png")
                for digest, picture in drawing.pictures.items()
            },
            verdicts=tuple(verdicts),
            proof=proof,
            proof_uri=self.objects.put_content(folder, proof_picture(drawing.png, proof), ".jpg"),
            files={
                file.name: DesignFile(
                    uri=self.objects.put_content(folder, file.body, FORMS.get(file.name, ".png")),
                    sha256=sha256(file.body),
                    size_bytes=len(file.body),
                    proof=file.proof,
                )
                for file in files
            },
            fingerprint=form,
        )

    def _basis(self, idea: Idea) -> str:
        parts = (Brief.of(idea).model_dump_json(), self.artist.name, repr(self.near_words), code())
        return sha256("\x1f".join(parts).encode())


@cache
def code() -> str:
    """SHA-256 of the code that decides on refusals: with other code what was refused is tried again."""
    digest = hashlib.sha256()
    for place in map(ROOT.joinpath, DECIDES):
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(file.read_bytes())
    return digest.hexdigest()


def print_areas(names: Sequence[str]) -> tuple[Area, ...]:
    """The areas of ENGINE_PRINT_AREAS without the tee's, which every design has.

    Raises:
        PermanentError: one is unknown.
    """
    unknown = [name for name in names if name not in AREAS]
    if unknown:
        raise PermanentError(f"ENGINE_PRINT_AREAS names {', '.join(unknown)}: known are {', '.join(AREAS)}")
    return tuple(AREAS[name] for name in names if name != TEE.name)


def print_forms(names: Sequence[str]) -> tuple[str, ...]:
    """The forms of ENGINE_PRINT_FORMATS beside the PNG, which every design has.

    Raises:
        PermanentError: one is unknown.
    """
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise PermanentError(f"ENGINE_PRINT_FORMATS names {', '.join(unknown)}: known are {', '.join(FORMATS)}")
    return tuple(form for name in names for form in FORMATS[name])


def proof_of(
    png: bytes,
    area: Area,
    recipe: Recipe,
    garments: Sequence[GarmentColor],
    sizes: Mapping[str, int],
    profile: str = BUILT_IN,
) -> Proof:
    """The proof of a print file of the recipe; arguments and errors as of `prove`."""
    drawn = recipe.spec.get("painting")
    enlarged = max(1.0, drawn["enlarged"] * picture_scale(recipe, typefaces(), area)) if drawn else 1.0
    words = word_inks(recipe)
    return prove(png, area, garments=garments, words=words, enlarged=enlarged, size_limits=sizes, profile=profile)


def _gpu_seconds(drawing: Drawing) -> float:
    """Seconds on this machine's GPU: of the attempt that drew, where its model says that it ran on one."""
    settings = drawing.recipe.spec.get("painting", {}).get("settings", {})
    return drawing.attempts[-1].seconds if settings.get("device", "cpu") != "cpu" else 0.0


def _stop_at_failed(stage: Stage, verdicts: list[Verdict], attempts: tuple[Attempt, ...] = ()) -> None:
    failed = [f"{verdict.check}: {verdict.detail}" for verdict in verdicts if verdict.result == "failed"]
    if failed:
        raise _RefusedError(stage, "; ".join(failed), attempts)


def _decisions(design: StoredDesign) -> list[Decision]:
    recipe = design.recipe
    asked = [f"{attempt.artist}: {attempt.outcome}: {attempt.detail}" for attempt in design.attempts[:-1]]
    choices: dict[str, dict[str, object]] = {
        "artist": {"artist": recipe.artist, "not": asked},
        "prompt": {"prompt": recipe.prompt, "seed": recipe.seed},
        "palette": {"palette": recipe.palette},
        "layout": {"layout": recipe.layout, "typefaces": recipe.typefaces},
        "garments": {"offered": [garment.name for garment in design.garments]},
    }
    return [
        Decision(
            subject="design",
            subject_id=design.id,
            kind=kind,
            choice=choice,
            because={"idea": str(design.idea_id), "contrasts": design.contrasts},
            decided_by=recipe.artist,
        )
        for kind, choice in choices.items()
    ]
