"""The command ``firstline eval``."""

from __future__ import annotations

import typer

from evals.commands.abstention import abstention
from evals.commands.alert_load import alert_load
from evals.commands.approvals import approvals
from evals.commands.attachments import attachments
from evals.commands.channels import channels
from evals.commands.citations import citations
from evals.commands.clusters import clusters
from evals.commands.correlate import correlate
from evals.commands.crowd import crowd
from evals.commands.devices import devices
from evals.commands.drops import drops
from evals.commands.durability import durability
from evals.commands.effect import effect
from evals.commands.faults import faults
from evals.commands.fit_correlation import fit_correlation
from evals.commands.fit_evidence import fit_evidence
from evals.commands.fit_ranking import fit_ranking
from evals.commands.freshness import freshness
from evals.commands.gate import gate
from evals.commands.golive import golive
from evals.commands.intents import intents
from evals.commands.kills import kills
from evals.commands.languages import languages
from evals.commands.lexical_engines import lexical_engines
from evals.commands.lint import lint
from evals.commands.network import network
from evals.commands.overhead import overhead
from evals.commands.partitions import partitions
from evals.commands.peers import peers
from evals.commands.permissions import permissions
from evals.commands.problems import problems
from evals.commands.protocol import protocol
from evals.commands.questions import questions
from evals.commands.record import record
from evals.commands.redaction import redaction
from evals.commands.render import render
from evals.commands.retrieval import retrieval
from evals.commands.review_scale import review_scale
from evals.commands.run import run
from evals.commands.scale import scale
from evals.commands.scenes import scenes
from evals.commands.security import security
from evals.commands.slack import slack
from evals.commands.slack_pictures import slack_pictures
from evals.commands.tampering import tampering
from evals.commands.triage import triage
from evals.commands.turns import turns
from evals.commands.uploads import uploads
from evals.commands.wire import wire
from evals.commands.zero_persistence import zero_persistence

app = typer.Typer(no_args_is_help=True, help="Measure Firstline. Example: firstline eval turns")
app.command("alert-load", epilog="Example: firstline eval alert-load --alerts 50000 --seconds 300 --json load.json")(alert_load)
app.command(epilog="Example: firstline eval approvals --sequences 1000 --steps 20 --json approvals.json")(approvals)
app.command(epilog="Example: firstline eval channels --sample 24 --json channels.json")(channels)
app.command(epilog="Example: firstline eval citations evals/cases/support_pairs.jsonl --json citations.json")(citations)
app.command(epilog="Example: firstline eval clusters --items DATA/banking77/train.jsonl --json clusters.json")(clusters)
app.command(epilog="Example: firstline eval correlate --alerts alerts.jsonl --json correlate.json")(correlate)
app.command(epilog="Example: firstline eval crowd --sockets 2000 --turns-per-second 20 --json crowd.json")(crowd)
app.command(epilog="Example: firstline eval drops --drops 1000 --restarts 20 --json drops.json")(drops)
app.command(epilog="Example: firstline eval durability --seconds 20 --truncations 1000 --json durability.json")(durability)
app.command(epilog="Example: firstline eval effect --scenarios 200 --seed 1 --json effect.json")(effect)
app.command(epilog="Example: firstline eval golive --times 20 --json golive.json")(golive)
app.command(epilog="Example: firstline eval faults --kills 500 --faults 500 --json faults.json")(faults)
app.command("fit-correlation", epilog="Example: firstline eval fit-correlation --seeds 1-20")(fit_correlation)
app.command("fit-ranking", epilog="Example: firstline eval fit-ranking DATA/kb_symptoms DATA/scifact --untitled DATA/stackfaq")(fit_ranking)
app.command("fit-evidence", epilog="Example: firstline eval fit-evidence DATA/kb_symptoms DATA/stackfaq --outsiders DATA/banking77/train.jsonl")(
    fit_evidence
)
app.command(epilog="Example: firstline eval freshness --rounds 20 --json freshness.json")(freshness)
app.command(epilog="Example: firstline eval intents --train train.jsonl --test test.jsonl --oos oos.jsonl --json intents.json")(intents)
app.command(epilog="Example: firstline eval kills --workflow change --kills 500 --json kills.json")(kills)
app.command(epilog="Example: firstline eval languages --only de --json languages.json")(languages)
app.command("lexical-engines", epilog="Example: firstline eval lexical-engines --passages 50000 --json engines.json")(lexical_engines)
app.command(epilog="Example: firstline eval lint --cases evals/cases/contradictions.jsonl --json lint.json")(lint)
app.command(epilog="Example: firstline eval overhead --turns-per-second 20 --seconds 30 --json overhead.json")(overhead)
app.command(epilog="Example: firstline eval peers --corpus corpus.jsonl.gz --queries queries.jsonl --qrels qrels.tsv --plot peers.svg")(peers)
app.command(epilog="Example: firstline eval partitions --vectors 40000 --json partitions.json")(partitions)
app.command(epilog="Example: firstline eval permissions --draws 100000 --seed 1 --json permissions.json")(permissions)
app.command(epilog="Example: firstline eval network DATA/security/ssrf_upload.jsonl --json network.json")(network)
app.command(epilog="Example: firstline eval problems --weeks 40 --seed 1000 --json problems.json")(problems)
app.command(epilog="Example: firstline eval protocol DATA/security/protocol.jsonl --json protocol.json")(protocol)
app.command(epilog="Example: firstline eval uploads BOMBS --json uploads.json")(uploads)
app.command(epilog="Example: firstline eval attachments BOMBS --rows DATA/security/ssrf_upload.jsonl --json attachments.json")(attachments)
app.command(epilog="Example: firstline eval questions evals/cases/itkb_questions.jsonl DATA/itkb_small/articles")(questions)
app.command(epilog="Example: firstline eval redaction DATA/security/pii.jsonl --clean DATA/itkb_small/articles.jsonl")(redaction)
app.command(epilog="Example: firstline eval render DATA/security/render.jsonl")(render)
app.command(epilog="Example: firstline eval record c_0123456789abcdef --out evals/cases/recorded/printer.yaml")(record)
app.command("review-scale", epilog="Example: firstline eval review-scale --conversations 100000 --json review-scale.json")(review_scale)
app.command(epilog="Example: firstline eval run --repeat 8 --json run.json --html run.html")(run)
app.command(epilog="Example: firstline eval scale --passages 40000 --json scale.json")(scale)
app.command(epilog="Example: firstline eval scenes --seed 1 --scale 2000 --setting hard --out alerts.jsonl")(scenes)
app.command(epilog="Example: firstline eval security --rows DATA/security --json security.json")(security)
app.command(epilog="Example: firstline eval slack --rate 50 --seconds 30 --json slack.json")(slack)
app.command("slack-pictures", epilog="Example: firstline eval slack-pictures docs/images")(slack_pictures)
app.command(epilog="Example: firstline eval tampering --manipulations 1000 --seed 1 --json tampering.json")(tampering)
app.command(epilog="Example: firstline eval triage --train train.jsonl.gz --test test.jsonl.gz --target assignment_group --json triage.json")(triage)
app.command(epilog="Example: firstline eval turns --questions 200 --json turns.json")(turns)
app.command(epilog="Example: firstline eval wire --base-url http://127.0.0.1:8000/v1 --model NAME --json wire.json")(wire)
app.command("zero-persistence", epilog="Example: firstline eval zero-persistence --conversations 200 --json zero.json")(zero_persistence)
app.command(epilog="Example: firstline eval gate retrieval.json --metric ndcg@10 --at-least 0.8 --seeded lexical.json")(gate)
_BEIR = "--corpus DATA/corpus.jsonl.gz --queries DATA/queries.jsonl --qrels DATA/qrels.tsv"
app.command(epilog=f"Example: firstline eval retrieval {_BEIR}")(retrieval)
app.command(epilog=f"Example: firstline eval abstention {_BEIR}")(abstention)
app.command(epilog="Example: firstline eval devices --articles DATA/articles.jsonl --queries DATA/device_queries.jsonl")(devices)
