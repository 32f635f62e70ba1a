"""Lets the official SDKs make responses and files, and holds Arkdeck to them: it must show, chain, export and
delete exactly those.

Usage: ledger.py ARKDECK BASE_URL KEY

ARKDECK is the program. The service may have files already, and they must outlive this.
Prints `N objects, M sdks`, or says what differed and exits with 1 at the first mismatch.
"""

import asyncio
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from datetime import datetime, timezone

from acceptance import MODEL, Mismatch, expect, expect_true, sdks

TOOLS = [{"type": "function", "name": "now", "description": "The time", "parameters": {"type": "object"}}]


class Arkdeck:
    """The program, with a ledger of its own."""

    def __init__(self, program, base_url, key, folder):
        self.program = program
        self.env = {
            **os.environ,
            "ARK_API_KEY": key,
            "ARK_BASE_URL": base_url,
            "ARKDECK_DATA_DIR": str(folder / "data"),
            "ARKDECK_CONFIG": str(folder / "config.toml"),
        }
        (folder / "config.toml").touch()

    def __call__(self, *args, code=0):
        ran = subprocess.run([self.program, *args], env=self.env, capture_output=True, text=True, timeout=120)
        if ran.returncode != code:
            raise Mismatch(f"arkdeck {args}: exit {ran.returncode}: {ran.stderr}")
        return ran.stdout

    def lines(self, *args):
        return [json.loads(line) for line in self(*args, "-o", "jsonl").splitlines()]

    def listed(self, *args):
        """By id; none twice."""
        lines = self.lines("list", *args)
        by_id = {line["id"]: line for line in lines}
        expect("list: ids once each", len(by_id), len(lines))
        return by_id


class Maker:
    """One SDK at work, and the objects it was given."""

    def __init__(self, sdk):
        self.sdk = sdk
        self.responses = {}
        self.files = {}
        # Files that the SDK uploaded by itself: nobody was told their ids.
        self.silent = []

    def keep(self, made, object):
        made[object.id] = object.to_dict()
        return object

    def make(self, folder):
        responses = self.sdk.client.responses
        create = lambda **fields: self.keep(self.responses, self.sdk.call(responses.create, model=MODEL, **fields))
        first = create(input=f"first, by {self.sdk.name}", tools=TOOLS)
        content = [{"type": "input_text", "text": "第二轮 \x1b[31mred\u202e"}]
        second = create(
            input=[{"role": "user", "content": content}],
            previous_response_id=first.id,
            instructions="Be brief.",
            # What the SDK of OpenAI has no words for.
            extra_body={"thinking": {"type": "enabled"}},
        )
        events = self.sdk.call(
            responses.create, model=MODEL, input="third", previous_response_id=second.id, stream=True
        )
        third = self.keep(self.responses, list(events)[-1].response)
        # Two go on from one.
        create(input="another third", previous_response_id=second.id)
        create(input="far too long " * 20, max_output_tokens=4)
        expect("made: turns", third.previous_response_id, second.id)
        for name, content in [("notes 笔记.txt", b"text"), ("slides.pdf", b"%PDF-1.7\n" * 400)]:
            upload = self.sdk.client.files.create
            self.keep(self.files, self.sdk.call(upload, file=(name, io.BytesIO(content)), purpose="user_data"))
        if self.sdk.takes_ark_fields:
            asyncio.run(self.upload_silently(folder))

    async def upload_silently(self, folder):
        """The asynchronous clients upload `file://` inputs without a word."""
        picture = folder / f"{self.sdk.name}.png"
        picture.write_bytes(b"\x89PNG" * 50)
        content = [
            {"type": "input_image", "image_url": picture.as_uri()},
            {"type": "input_text", "text": "what is this?"},
        ]
        async with self.sdk.asynchronous() as client:
            self.sdk.calls += 1
            response = await client.responses.create(model=MODEL, input=[{"role": "user", "content": content}])
            self.keep(self.responses, response)
            items = await client.input_items.list(response.id)
        parts = [part for item in items.data for part in item.content]
        (file,) = [part.file_id for part in parts if getattr(part, "file_id", None)]
        self.silent.append(file)

    def has(self, id):
        """Whether the service still has it, in the words of the SDK."""
        api = self.sdk.client.files if id.startswith("file-") else self.sdk.client.responses
        try:
            return self.sdk.call(api.retrieve, id).id == id
        except (self.sdk.error("BadRequest"), self.sdk.error("NotFound")) as error:
            expect_true("retrieve, deleted: code", "NotFound" in error.code, error.code)
            return False

    def get(self, id):
        api = self.sdk.client.files if id.startswith("file-") else self.sdk.client.responses
        return self.sdk.call(api.retrieve, id).to_dict()


def time_of(seconds):
    return seconds and datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def fact_of(object):
    """What a line of `list` says of an object of the service."""
    return {
        "id": object["id"],
        "kind": object["object"],
        "state": "tracked",
        "name": object.get("filename"),
        "bytes": object.get("bytes"),
        "model": object.get("model"),
        "status": object["status"],
        "purpose": object.get("purpose"),
        "created_at": time_of(object["created_at"]),
        "expires_at": time_of(object.get("expire_at")),
        "previous_response_id": object.get("previous_response_id"),
    }


def check_lines(what, lines, objects):
    expect(f"{what}: ids", sorted(lines), sorted(objects))
    for id, object in objects.items():
        for key, value in fact_of(object).items():
            expect(f"{what}: {key} of {id}", lines[id][key], value)


def check_import(arkdeck, makers, folder):
    """Everything that the SDKs were given, written down a line each, as a program's log would have it."""
    made = {id: object for maker in makers for id, object in (maker.responses | maker.files).items()}
    dump = folder / "dump.jsonl"
    dump.write_text("".join(f"{json.dumps(object, ensure_ascii=False)}\n" for object in made.values()))
    added = arkdeck("add", "--from", str(dump), "--tag", "sdk").split()
    expect("add --from: new ids", sorted(added), sorted(made))
    check_lines("list, recorded", arkdeck.listed(), made)
    expect("add --from, once more: new ids", arkdeck("add", "--from", str(dump)), "")
    return made


def check_sync(arkdeck, makers, made, bystanders):
    """The files nobody was told of are found, and what has changed since is seen."""
    arkdeck("sync", "--responses")
    silent = [id for maker in makers for id in maker.silent]
    expect_true("silent uploads", len(silent) == 2, silent)
    some = makers[0]
    now = {id: some.get(id) for id in [*made, *silent, *bystanders]}
    lines = arkdeck.listed()
    check_lines("list, synced", lines, now)
    for id, line in lines.items():
        expect(f"list: source of {id}", line["source"], "import" if id in made else "sync")
        expect(f"list: tags of {id}", line["tags"], ["sdk"] if id in made else [])
    rows = list(csv.DictReader(io.StringIO(arkdeck("list", "-o", "csv"))))
    expect("list -o csv", {row["id"]: row["name"] for row in rows}, {i: x["name"] or "" for i, x in lines.items()})
    expect("list -o id", sorted(arkdeck("list", "responses", "-o", "id").split()), sorted(
        id for maker in makers for id in maker.responses
    ))
    return now


def check_show(arkdeck, now):
    for id, object in now.items():
        expect(f"show {id}", json.loads(arkdeck("show", id, "-o", "json"))["raw"], object)


def check_order(what, ids, wanted, objects):
    """All of them, later turns first."""
    expect(f"{what}: ids", sorted(ids), sorted(wanted))
    for at, id in enumerate(ids):
        previous = objects[id].get("previous_response_id")
        if previous in wanted:
            expect_true(f"{what}: {id} before {previous}", at < ids.index(previous), ids)


def check_deletion(arkdeck, makers, now, folder):
    # A response of each SDK stays, and so does a file.
    stay = {id for maker in makers for id in [list(maker.responses)[-1], list(maker.files)[0]]}
    mine = {id for maker in makers for id in [*maker.responses, *maker.files, *maker.silent]}
    go = mine - stay
    dry = [line["id"] for line in arkdeck.lines("delete", *go, "--dry-run")]
    check_order("delete --dry-run", dry, go, now)
    plan = folder / "plan.json"
    arkdeck("plan", *go, "--out", str(plan))
    planned = [item["id"] for item in json.loads(plan.read_text())["items"]]
    check_order("plan", planned, go, now)
    expect_true("dry run: deletes nothing", all(makers[0].has(id) for id in go), go)

    # Half by name, then all that was planned: what is deleted by then is told as such, and not sent again.
    named = set(planned[: len(planned) // 2])
    deleted = arkdeck.lines("delete", *named, "--yes")
    expect("delete: ids", sorted(line["id"] for line in deleted), sorted(named))
    applied = arkdeck.lines("apply", str(plan), "--yes")
    already = {line["id"]: line["outcome"] for line in applied if line["id"] in named}
    expect("apply: deleted already", already, dict.fromkeys(named, "deleted"))
    applied = [line for line in applied if line["id"] not in named]
    expect("apply: ids", sorted(line["id"] for line in applied), sorted(go - named))
    for line in deleted + applied:
        got = {key: line[key] for key in ("kind", "outcome", "attempts", "status", "code")}
        kind = now[line["id"]]["object"]
        wanted = {"kind": kind, "outcome": "deleted", "attempts": 1, "status": 200, "code": None}
        expect(f"deletion of {line['id']}", got, wanted)
    for maker in makers:
        there = {id for id in now if maker.has(id)}
        expect(f"{maker.sdk.name}: what is left", there, set(now) - go)
    expect("list: what is left", set(arkdeck.listed()), set(now) - go)

    told = arkdeck.lines("history")
    expect("history: ids", sorted(entry["id"] for entry in told), sorted(go))
    requests = {line["id"]: line["request_id"] for line in deleted + applied}
    for entry in told:
        expect(f"history of {entry['id']}", entry["outcome"], "deleted")
        expect(f"history of {entry['id']}: request id", entry["request_id"], requests[entry["id"]])
    arkdeck("history", "--check")
    # Nothing that is deleted comes back, whoever shows it once more.
    arkdeck("add", "--from", str(folder / "dump.jsonl"))
    arkdeck("sync")
    expect("list: still left", set(arkdeck.listed()), set(now) - go)
    return go


def main(program, base_url, key):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        makers = [Maker(sdk) for sdk in sdks(base_url, key)]
        arkdeck = Arkdeck(program, base_url, key, folder)
        bystanders = [file.id for file in makers[0].sdk.pages(makers[0].sdk.client.files.list())[0]]
        try:
            for maker in makers:
                maker.make(folder)
            made = check_import(arkdeck, makers, folder)
            wait_until_active(makers[0])
            now = check_sync(arkdeck, makers, made, bystanders)
            check_show(arkdeck, now)
            deleted = check_deletion(arkdeck, makers, now, folder)
        except Mismatch as mismatch:
            sys.exit(str(mismatch))
        print(f"{len(now)} shown and exported, {len(deleted)} deleted")
        print(f"{len(now)} objects, {len(makers)} sdks")


def wait_until_active(maker):
    """Uploads are processed for a moment, and would change between two looks."""
    files = maker.sdk.client.files
    for file in maker.sdk.pages(files.list())[0]:
        maker.sdk.call(files.wait_for_processing, file.id, poll_interval=0.1)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
