"""The sequence by which an idea becomes a design, or a refusal that says why not.

What belongs here: the order of the steps, and what is recorded of each. What does not: drawing (`resources.artists`),
the rules that the steps apply (`pipeline.designs`, `pipeline.ideas.screening`), which ideas are drawn (`assets`).

    words screened → words compared → drawn → pictures screened → proved → form compared → files put → recorded

All of it happens in one transaction that holds the claim on the idea: a run that is killed leaves nothing half done,
and a second run waits for the first and takes what it made. While an artist draws, the transaction is open and idle; it
holds no row and no snapshot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from pipeline.designs.proof import prove

from pipeline.designs.compose import thumbnail
from pipeline.designs.copies import Copy, copied
from pipeline.ideas.screening import screen
from pipeline.listings.artwork import COPY, PHRASE
from pipeline.models import Attempt, Brief, Decision, Drawing, Idea, Recipe, Verdict
from resources.artists import Artist
from resources.errors import UndrawableError
from resources.objects import THUMB_PX, Objects, idea_prefix
from resources.settings import ROOT
from resources.store import Store, StoredDesign, Transaction
from resources.store.refusals import Refusal, Stage

DECIDES = ("pipeline/designs", "pipeline/ideas/screening.py", "resources/artists", "resources/workshop.py")
"""The code that an idea's refusal depends on."""


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
        look: screens a picture that a model made.
        fingerprint: the form of a print file, 256 characters 0 and 1; ValueError where there is none.
        near_form: bits up to which two fingerprints look alike.
        near_words: embedding model, and the cosine from which on two phrases say the same to it.
    """

    store: Store
    objects: Objects
    artist: Artist
    look: Callable[[bytes], Verdict]
    fingerprint: Callable[[bytes], str]
    near_form: int
    near_words: tuple[str, float]

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
        drawing = self._draw(idea, recent, verdicts)
        verdicts += [self.look(picture) for picture in drawing.pictures.values()]
        _stop_at_failed("picture", verdicts, drawing.attempts)
        try:
            faults = prove(drawing)
            fingerprint = self.fingerprint(drawing.png)
        except ValueError as error:
            raise _RefusedError("proof", str(error), drawing.attempts) from error
        if faults:
            raise _RefusedError("proof", "; ".join(faults), drawing.attempts)
        tx.designs.alone()
        self._stop_at_copy(tx, idea, verdicts, fingerprint, drawing.attempts)
        return self._kept(idea, drawing, tuple(verdicts), fingerprint)

    def _draw(self, idea: Idea, recent: list[Recipe], verdicts: list[Verdict]) -> Drawing:
        try:
            drawing = self.artist.draw(Brief.of(idea), recent)
        except UndrawableError as error:
            verdicts += error.verdicts
            raise _RefusedError("artist", str(error), error.attempts) from error
        verdicts += drawing.verdicts
        return drawing

    def _stop_at_copy(
        self,
        tx: Transaction,
        idea: Idea,
        verdicts: list[Verdict],
        fingerprint: str | None = None,
        attempts: tuple[Attempt, ...] = (),
    ) -> None:
        """Compare words, and form where there is a fingerprint; the verdict replaces an earlier one."""
        model, near_words = self.near_words
        others = tx.designs.neighbours(idea.id, fingerprint)
        if idea.embedding_model != model:  # its cosines mean something else
            others = [other.model_copy(update={"cosine": None}) for other in others]
        copy = copied(idea, others, near_words=near_words, near_form=self.near_form)
        compared = f"words by {model} from a cosine of {near_words:.2f}, form up to {self.near_form} of 256 bits"
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

    def _kept(self, idea: Idea, drawing: Drawing, verdicts: tuple[Verdict, ...], fingerprint: str) -> StoredDesign:
        folder = idea_prefix(idea.id)
        best = drawing.garments[0]
        return StoredDesign(
            idea_id=idea.id,
            hour=idea.hour,
            recipe=drawing.recipe,
            s3_uri=self.objects.put_content(folder, drawing.png, ".png"),
            thumb_uri=self.objects.put_content(folder, thumbnail(drawing.png, THUMB_PX, best.hex), ".jpg"),
            sha256=drawing.digest,
            width=drawing.width,
            height=drawing.height,
            dpi=drawing.dpi,
            garments=drawing.garments,
            contrasts=drawing.contrasts,
            attempts=drawing.attempts,
            pictures={
                digest: self.objects.put_content(f"{folder}/pictures", picture, ".png")
                for digest, picture in drawing.pictures.items()
            },
            verdicts=verdicts,
            fingerprint=fingerprint,
        )

    def _basis(self, idea: Idea) -> str:
        parts = (Brief.of(idea).model_dump_json(), self.artist.name, repr((self.near_words, self.near_form)), code())
        return sha256("\x1f".join(parts).encode()).hexdigest()


@cache
def code() -> str:
    """SHA-256 of the code that decides on refusals: with other code what was refused is tried again."""
    digest = sha256()
    for place in map(ROOT.joinpath, DECIDES):
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(file.read_bytes())
    return digest.hexdigest()


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
