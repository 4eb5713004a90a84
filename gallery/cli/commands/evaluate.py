"""`gallery evaluate`: how good it is, measured on labelled photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gallery.cli import options
from gallery.cli.commands import demographics, simulating
from gallery.cli.exits import Exit

app = typer.Typer(help="Measure error rates on labelled photos.", no_args_is_help=True)

Model = Annotated[
    str | None,
    typer.Option(
        "--model", help="The embedder, see 'gallery models list'.", show_default="what a new gallery would use"
    ),
]


@app.command(
    "verification",
    epilog="Example: gallery evaluate verification --pairs pairs.txt --images lfw/ --output evaluation/",
)
def verification(
    pairs: Annotated[Path, typer.Option("--pairs", help="A list of pairs in folds, like LFW's pairs.txt.")],
    images: Annotated[
        Path, typer.Option("--images", help="The folder of NAME/NAME_0001.jpg and so on, or a ZIP file of it.")
    ],
    models: options.Embedders = None,
    precision: options.Precision = options.Numbers.AUTO,
    detectors: options.Detectors = None,
    all_impostors: Annotated[
        bool,
        typer.Option(
            "--all-impostors",
            help="Compare all images of different people, too: millions of pairs, which support thresholds at low "
            "false match rates. Takes longer.",
        ),
    ] = False,
    exclude_labels: Annotated[
        Path | None,
        typer.Option(
            "--exclude-labels",
            help="A file of errors in the labels, a line each: two names of one person, or a name and the number of "
            "an image that shows somebody else. Everything is then reported with and without them.",
        ),
    ] = None,
    output: options.Output = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Measure one-to-one comparison: accuracy over ten folds, and misses at given false match rates (LFW, view 2)."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import evaluation_documents, evaluation_tables
    from gallery.cli.evaluation_results import finish
    from gallery.cli.output import console
    from gallery.cli.progress import steps_progress
    from gallery.usecases import evaluation_charts
    from gallery.usecases.evaluate_verification import LabelledPairs

    boot, out = Bootstrap.of(models_dir=models_dir), console()
    listed, errors = boot.pairs(pairs), boot.label_errors(exclude_labels)
    report = boot.report(output) if output else None
    results = []
    with boot.unpacked(images) as folder:
        labelled = LabelledPairs(listed, boot.image_files(folder, listed, pairs, images), errors)
        evaluate = boot.evaluate_verification()
        for recogniser in boot.recognisers(models or [], detectors or ["yunet"], precision):
            what = f"{recogniser.detector.card.name}, {recogniser.embedder.card.name}"
            with steps_progress(what) as progress:
                results.append(evaluate(recogniser, labelled, all_impostors, progress))
            if not as_json:
                out.print(evaluation_tables.verification(results[-1]), "")
    document = evaluation_documents.of_verification(
        results, {"pairs": pairs, "images": images, "exclude_labels": exclude_labels}
    )
    finish(report, document, evaluation_charts.of_verification(results), as_json)
    if any(result.failures.unreadable for result in results):
        raise typer.Exit(Exit.PARTLY)


@app.command(
    "identification",
    epilog="Example: gallery evaluate identification --gallery-from people/ --probes groups/ --labels faces.json",
)
def identification(
    gallery_from: Annotated[
        Path | None,
        typer.Option(
            "--gallery-from",
            help="A folder with a folder for each person; references come from there.",
            show_default="with --faces, galleries are drawn by lot",
        ),
    ] = None,
    probes: Annotated[
        Path | None,
        typer.Option(
            "--probes",
            help="Photos to look for these people in; with --labels a folder of them, else one with a folder for each "
            "person, where the face nearest to the middle is meant.",
            show_default="with --faces, all who are not enrolled",
        ),
    ] = None,
    faces: Annotated[
        Path | None,
        typer.Option(
            "--faces",
            help="Instead of both: a folder of portraits, each of another person, or with a folder for each person. "
            "Galleries of each --size are drawn from it by lot.",
        ),
    ] = None,
    sizes: Annotated[
        list[int] | None,
        typer.Option(
            "--size",
            help="With --faces: people enrolled; may be given several times. More let more strangers through.",
            show_default="1, 20, 150 and 1000, as far as there are people",
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help='Who stands where, as JSON: {"photos": {"a.jpg": [{"box": [x, y, width, height], "name": "Ross"}]}}; '
            "the name is null for a stranger.",
        ),
    ] = None,
    references: Annotated[
        list[int] | None,
        typer.Option(
            "--references",
            help="References per person; may be given several times. More miss fewer, and let more strangers through.",
            show_default="3",
        ),
    ] = None,
    fusion: Annotated[
        list[options.Fusion] | None,
        typer.Option(
            "--fusion", help="How several references are fused; may be given several times.", show_default="best"
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", help="Draw the references by lot from this seed.", show_default="each person's first photos"
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            "--repeats",
            help="With --seed: how many times to draw; with --faces: galleries of each size.",
            show_default="1; with --faces as many as enrol 200 people, and at least 5",
        ),
    ] = None,
    cosine: Annotated[
        float | None, typer.Option("--cosine", help="Cosine threshold.", show_default="the model's own")
    ] = None,
    euclidean: Annotated[
        float | None, typer.Option("--euclidean", help="Euclidean threshold.", show_default="the model's own")
    ] = None,
    min_margin: Annotated[
        float,
        typer.Option("--min-margin", help="How much farther the next person must be. Higher keeps fewer of both."),
    ] = 0.0,
    model: Model = None,
    precision: options.Precision = options.Numbers.AUTO,
    detector: options.Detector = "yunet",
    output: options.Output = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Measure what a gallery does: strangers kept (FPIR), enrolled people missed (FNIR), and what each rule is worth.

    Everybody enrolled is a stranger once, too: their faces are compared with a gallery of all the others. With --faces,
    galleries of several sizes are drawn by lot, and show how both rates grow with them.
    """
    from gallery.bootstrap import Bootstrap, Wishes
    from gallery.cli import evaluation_documents, evaluation_tables
    from gallery.cli.evaluation_results import finish
    from gallery.cli.output import console
    from gallery.cli.progress import steps_progress
    from gallery.domain.matching import Fusion
    from gallery.usecases import evaluation_charts
    from gallery.usecases.evaluate_identification import REFERENCES, Plan
    from gallery.usecases.simulate_galleries import Draws

    boot = Bootstrap.of(models_dir=models_dir)
    wishes = Wishes(cosine=cosine, euclidean=euclidean)
    others = {"--gallery-from": gallery_from, "--probes": probes, "--labels": labels}
    simulating.require_folders(faces, sizes, others)
    if faces is not None:
        report = boot.report(output) if output else None
        (card,) = boot.embedders([model] if model else [], precision)
        recogniser = boot.recogniser(card, detector)
        draws = Draws(tuple(sizes) if sizes else None, repeats, seed or 0)
        simulating.run(boot, boot.simulate_galleries(recogniser, wishes, min_margin), faces, draws, report, as_json)
        return
    assert gallery_from is not None and probes is not None  # noqa: S101, PT018 - as was checked
    plan = Plan(
        tuple(dict.fromkeys(references or [REFERENCES])),
        tuple(Fusion(choice.value) for choice in dict.fromkeys(fusion or [options.Fusion.BEST])),
        seed,
        1 if repeats is None else repeats,
    )
    people, photos = boot.people(gallery_from), boot.probes(probes, labels)
    report = boot.report(output) if output else None
    (card,) = boot.embedders([model] if model else [], precision)
    evaluate = boot.evaluate_identification(boot.recogniser(card, detector), wishes, min_margin)
    with steps_progress(f"{detector}, {card.name}") as progress:
        result = evaluate(people, photos, plan, progress)
    if not as_json:
        console().print(evaluation_tables.identification(result))
    document = evaluation_documents.of_identification(
        result, {"gallery_from": gallery_from, "probes": probes, "labels": labels}
    )
    finish(report, document, evaluation_charts.of_identification(result), as_json)
    if result.probes.unreadable or "unreadable" in result.skipped:
        raise typer.Exit(Exit.PARTLY)


app.command("demographics", epilog=demographics.EXAMPLE)(demographics.demographics)


@app.command(
    "detection", epilog="Example: gallery evaluate detection --boxes faces.txt --images photos/ --detector haar"
)
def detection(
    boxes: Annotated[
        Path,
        typer.Option(
            "--boxes",
            help="A line 'file x1 y1 x2 y2' for each face; a line that is only a file names a picture without faces.",
        ),
    ],
    images: Annotated[Path, typer.Option("--images", help="The folder of these pictures, or a ZIP file of it.")],
    overlap: Annotated[
        float,
        typer.Option(
            "--overlap",
            help="Least intersection over union of a detection and a labelled face. Higher counts boxes that are "
            "drawn tighter or wider than the labels as missed.",
        ),
    ] = 0.3,
    detectors: options.Detectors = None,
    haar_scale: options.ScaleFactor = None,
    haar_neighbours: options.Neighbours = None,
    output: options.Output = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Measure a detector: faces found and false alarms, by face size and against its score."""
    from gallery.bootstrap import Bootstrap, HaarSettings
    from gallery.cli import evaluation_documents, evaluation_tables
    from gallery.cli.evaluation_results import finish
    from gallery.cli.output import console
    from gallery.cli.progress import steps_progress
    from gallery.domain.errors import BadArgument
    from gallery.usecases import evaluation_charts

    if not 0 < overlap <= 1:
        raise BadArgument(
            f"The overlap must be a share above 0 and up to 1, not {overlap}.", "The usual is 0.3 to 0.5."
        )
    boot = Bootstrap.of(models_dir=models_dir, haar=HaarSettings(haar_scale, haar_neighbours))
    results = []
    with boot.unpacked(images) as folder:
        truth = boot.boxes(boxes, folder)
        report = boot.report(output) if output else None
        for finder, default in [boot.unsure_detector(name) for name in dict.fromkeys(detectors or ["yunet"])]:
            with steps_progress(finder.card.name) as progress:
                results.append(boot.evaluate_detection()(finder, default, truth, overlap, progress))
    if not as_json:
        console().print(evaluation_tables.detection(results))
    document = evaluation_documents.of_detection(results, {"boxes": boxes, "images": images})
    finish(report, document, evaluation_charts.of_detection(results), as_json)
    if any(result.unreadable for result in results):
        raise typer.Exit(Exit.PARTLY)


@app.command("redaction", epilog="Example: gallery evaluate redaction lfw/ --people 1000 --method blur")
def redaction(
    folder: Annotated[
        Path,
        typer.Argument(help="A folder with a folder for each person, at least two photos inside.", metavar="DIR"),
    ],
    methods: Annotated[
        list[options.Method] | None,
        typer.Option(
            "--method",
            help="A method; may be given several times.",
            show_default="all, and for comparison blurs that do not hold",
        ),
    ] = None,
    sides: Annotated[
        list[int] | None,
        typer.Option(
            "--size",
            help="Longer side of the faces in pixels, to which the photos are scaled; may be given several times.",
            show_default="40 and 400",
        ),
    ] = None,
    people: Annotated[
        int | None,
        typer.Option("--people", help="Draw so many by lot. Fewer are faster, and easier to tell.", show_default="all"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of that lot.")] = 0,
    model: Model = None,
    detector: options.Detector = "yunet",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder for result.json.")] = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Measure what redaction leaves: how often a redacted face is still matched to itself or to the right person."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import redaction_results
    from gallery.cli.evaluation_results import finish
    from gallery.cli.output import console
    from gallery.cli.progress import steps_progress
    from gallery.usecases.evaluate_redaction import Sampling

    boot = Bootstrap.of(models_dir=models_dir)
    sampling = Sampling(people, seed, tuple(sides or ()))
    everybody = boot.people(folder)
    report = boot.report(output) if output else None
    (card,) = boot.embedders([model] if model else [])
    evaluate = boot.evaluate_redaction(boot.recogniser(card, detector))
    ways = boot.redaction_ways([method.value for method in methods or ()])
    with steps_progress(f"{detector}, {card.name}") as progress:
        result = evaluate(everybody, ways, sampling, progress)
    if not as_json:
        console().print(redaction_results.tables(result))
    finish(report, redaction_results.document(result, folder), {}, as_json)
    if result.unreadable:
        raise typer.Exit(Exit.PARTLY)
