"""Drives an Ark service with the official SDKs, unchanged, and checks what each call gives back.

Usage: acceptance.py BASE_URL KEY FILES

FILES is how many files the service has at the start; there must be more than one page of ten.
Prints `N calls, M sdks`, or says what differed and exits with 1 at the first mismatch.
"""

import io
import sys
import time

MODEL = "doubao-seed-2-0-lite-260215"
PAGE = 10
STREAM = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


class Mismatch(Exception):
    pass


def expect(what, got, wanted):
    if got != wanted:
        raise Mismatch(f"{what}: expected {wanted!r}, got {got!r}")


def expect_true(what, truth, evidence):
    if not truth:
        raise Mismatch(f"{what}: {evidence!r}")


class Sdk:
    """One SDK: how its clients and errors are named, and what it calls what."""

    def __init__(self, name, client, asynchronous, module, prefix, base_url, key):
        options = dict(base_url=base_url, api_key=key, max_retries=0, timeout=30)
        self.name = name
        self.client = client(**options)
        self.asynchronous = lambda: asynchronous(**options)
        self.error = lambda kind: getattr(module, f"{prefix}{kind}Error")
        self.takes_ark_fields = prefix == "Ark"
        self.input_items = self.client.input_items if self.takes_ark_fields else self.client.responses.input_items
        self.calls = 0

    def call(self, method, *args, **kwargs):
        self.calls += 1
        return method(*args, **kwargs)

    def refused(self, what, kind, status, code, method, *args, **kwargs):
        """The call must fail with this class of error, this status and the service's code."""
        try:
            answer = self.call(method, *args, **kwargs)
        except self.error(kind) as error:
            expect(f"{what}: status", error.status_code, status)
            expect(f"{what}: code", error.code, code)
            expect_true(f"{what}: no request id in the message", "Request id: 02" in str(error), str(error))
        else:
            raise Mismatch(f"{what}: expected {kind}Error, got {answer!r}")

    def pages(self, page):
        """Everything in a list, paged by the SDK; and how many pages it took."""
        items, count = [], 0
        for page in page.iter_pages():
            count += 1
            items.extend(page.data)
        self.calls += count - 1
        return items, count


def said(response):
    """What the model said, whatever the SDK calls it."""
    messages = [item for item in response.output if item.type == "message"]
    return "".join(part.text for message in messages for part in message.content)


def check_responses(sdk):
    responses = sdk.client.responses
    gone = ("BadRequest", 400, "InvalidParameter.PreviousResponseNotFound")

    first = sdk.call(responses.create, model=MODEL, input="hello from the first round")
    expect_true("create: id", first.id.startswith("resp_02"), first.id)
    expect("create: status", first.status, "completed")
    expect("create: model", first.model, MODEL)
    expect("create: text", said(first), "You wrote: hello from the first round")
    usage = first.usage
    expect("create: total_tokens", usage.total_tokens, usage.input_tokens + usage.output_tokens)

    again = sdk.call(responses.retrieve, first.id)
    expect("retrieve: whole object", again.to_dict(), first.to_dict())

    second = sdk.call(
        responses.create,
        model=MODEL,
        input=[{"role": "user", "content": [{"type": "input_text", "text": "第二轮"}]}],
        instructions="Be brief.",
        previous_response_id=first.id,
        max_output_tokens=64,
        temperature=0.5,
        store=True,
    )
    expect("create, chained: previous", second.previous_response_id, first.id)
    expect("create, chained: text", said(second), "You wrote: 第二轮")
    expect("create, chained: instructions", second.instructions, "Be brief.")

    events = list(
        sdk.call(responses.create, model=MODEL, input="third", previous_response_id=second.id, stream=True)
    )
    kinds = [event.type for event in events]
    order = [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]
    expect("create, streamed: order of events", order, STREAM)
    numbers = [event.sequence_number for event in events]
    expect("create, streamed: sequence numbers", numbers, list(range(len(events))))
    deltas = "".join(event.delta for event in events if event.type.endswith("text.delta"))
    third = events[-1].response
    expect("create, streamed: id of the first event", events[0].response.id, third.id)
    expect("create, streamed: deltas", deltas, said(third))
    expect("retrieve, streamed: text", said(sdk.call(responses.retrieve, third.id)), said(third))

    items, count = sdk.pages(sdk.call(sdk.input_items.list, third.id, limit=2, order="asc"))
    texts = [part.text for item in items for part in item.content]
    wanted = ["hello from the first round", said(first), "第二轮", said(second), "third"]
    expect("input items: the rounds of the chain, oldest first", texts, wanted)
    expect("input items: pages", count, 3)
    newest = sdk.call(sdk.input_items.list, third.id)
    expect("input items: newest first", [i.id for i in newest.data], [i.id for i in reversed(items)])

    cut = sdk.call(responses.create, model=MODEL, input="a rather long text" * 9, max_output_tokens=8)
    expect("create, cut short: status", cut.status, "incomplete")
    unstored = sdk.call(responses.create, model=MODEL, input="do not keep this", store=False)
    sdk.refused("retrieve, not stored", *gone, responses.retrieve, unstored.id)
    sdk.refused(
        "create, unknown field",
        *("BadRequest", 400, "InvalidParameter"),
        responses.create,
        model=MODEL,
        input="x",
        extra_body={"no_such_field": 1},
    )
    if sdk.takes_ark_fields:
        due = int(time.time()) + 3600
        kept = sdk.call(
            responses.create,
            model=MODEL,
            input="think",
            thinking={"type": "enabled"},
            caching={"type": "enabled"},
            expire_at=due,
        )
        expect("create, expire_at", kept.expire_at, due)
        expect("create, thinking: items", [item.type for item in kept.output], ["reasoning", "message"])
        sdk.call(responses.delete, kept.id)

    sdk.call(responses.delete, second.id)
    sdk.refused("retrieve, deleted", *gone, responses.retrieve, second.id)
    sdk.refused("input items, deleted", *gone, sdk.input_items.list, second.id)
    sdk.refused("delete, deleted", *gone, responses.delete, second.id)
    sdk.refused(
        "create, previous deleted", *gone, responses.create, model=MODEL, input="x", previous_response_id=second.id
    )
    for id in (first.id, third.id, cut.id):
        expect("retrieve: other rounds stay", sdk.call(responses.retrieve, id).id, id)
        sdk.call(responses.delete, id)


def check_files(sdk, seeded):
    files = sdk.client.files
    gone = ("NotFound", 404, "NotFound.file")

    uploaded = sdk.call(files.create, file=("季度 报告.pdf", io.BytesIO(b"%PDF-1.7\n" * 100)), purpose="user_data")
    expect_true("upload: id", uploaded.id.startswith("file-20"), uploaded.id)
    expect("upload: name", uploaded.filename, "季度 报告.pdf")
    expect("upload: bytes", uploaded.bytes, 900)
    expect("upload: status", uploaded.status, "processing")
    mine = [uploaded.id]
    if sdk.takes_ark_fields:
        due = int(time.time()) + 2 * 86_400
        video = sdk.call(
            files.create,
            file=("demo.mp4", b"\0" * 1000),
            purpose="user_data",
            expire_at=due,
            preprocess_configs={"video": {"fps": 0.3}},
        )
        expect("upload, configured: fps", video.to_dict()["preprocess_configs"], {"video": {"fps": 0.3}})
        expect("upload, configured: expire_at", video.expire_at, due)
        linked = sdk.call(files.create, url="https://example.com/talk.mp3", purpose="user_data")
        expect("upload by url: name", linked.filename, "talk.mp3")
        mine += [video.id, linked.id]
        ready = sdk.call(files.wait_for_processing, uploaded.id, poll_interval=0.2)
        expect("wait for processing", ready.status, "active")

    found = sdk.call(files.retrieve, uploaded.id)
    expect("retrieve: name", found.filename, "季度 报告.pdf")

    total = seeded + len(mine)
    listed, count = sdk.pages(sdk.call(files.list, limit=PAGE))
    ids = [file.id for file in listed]
    expect("list: files", len(set(ids)), total)
    expect("list: none twice", len(ids), total)
    expect("list: pages", count, -(-total // PAGE))
    expect_true("list: the uploaded files", set(mine) <= set(ids), ids[:5])
    expect("list: newest first", ids, sorted(ids, reverse=True))
    oldest = sdk.call(files.list, order="asc", limit=1)
    expect("list: oldest first", [file.id for file in oldest.data], ids[-1:])
    users = sdk.pages(sdk.call(files.list, purpose="user_data"))[0]
    expect("list: one purpose", {file.purpose for file in users}, {"user_data"})

    for id in mine:
        deletion = sdk.call(files.delete, id)
        expect("delete: id and verdict", (deletion.id, deletion.deleted), (id, True))
    sdk.refused("retrieve, deleted", *gone, files.retrieve, uploaded.id)
    sdk.refused("delete, deleted", *gone, files.delete, uploaded.id)
    left = sdk.pages(sdk.call(files.list))[0]
    expect("list: files left", len(left), seeded)


def check_key(sdk, stranger):
    refused = ("Authentication", 401, "AuthenticationError")
    id = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3"
    sdk.refused("wrong key: create", *refused, stranger.responses.create, model=MODEL, input="x")
    sdk.refused("wrong key: retrieve", *refused, stranger.responses.retrieve, id)
    sdk.refused("wrong key: delete", *refused, stranger.responses.delete, id)
    sdk.refused("wrong key: upload", *refused, stranger.files.create, file=("a.txt", b"a"), purpose="user_data")
    sdk.refused("wrong key: list", *refused, stranger.files.list)
    sdk.refused("wrong key: delete file", *refused, stranger.files.delete, "file-20261121101500-k3v9q")


def sdks(base_url, key):
    """A client of each, all on the same service."""
    import arkruntime
    import arkruntime._exceptions
    import openai
    import volcenginesdkarkruntime
    import volcenginesdkarkruntime._exceptions

    ark, ark2 = volcenginesdkarkruntime, arkruntime
    return [
        Sdk("volcengine-python-sdk", ark.Ark, ark.AsyncArk, ark._exceptions, "Ark", base_url, key),
        Sdk("arkruntime", ark2.Ark, ark2.AsyncArk, ark2._exceptions, "Ark", base_url, key),
        Sdk("openai", openai.OpenAI, openai.AsyncOpenAI, openai, "", base_url, key),
    ]


def main(base_url, key, seeded):
    calls = 0
    all = sdks(base_url, key)
    for sdk, stranger in zip(all, sdks(base_url, "not-the-key")):
        try:
            check_responses(sdk)
            check_files(sdk, seeded)
            check_key(sdk, stranger.client)
        except Mismatch as mismatch:
            sys.exit(f"{sdk.name}, call {sdk.calls}: {mismatch}")
        print(f"{sdk.name}: {sdk.calls} calls")
        calls += sdk.calls
    print(f"{calls} calls, {len(all)} sdks")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
