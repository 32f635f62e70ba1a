# Domain values as text.

kind-response = response
kind-file = file
count-responses = { $count ->
    [one] { $count } response
   *[other] { $count } responses
}
count-files = { $count ->
    [one] { $count } file
   *[other] { $count } files
}
citing-more = { $ids } and { $more } more

state-tracked = tracked
state-queued = queued
state-sending = sending
state-deleted = deleted
state-gone = gone
state-refused = refused
state-failed = failed
state-unsettled = unsettled
state-expired = expired
state-cancelled = cancelled

unready-processing = processing
unready-stuck = stuck
unready-failed = failed

source-hand = added by hand
source-import = imported
source-sync = found by sync
source-upload = uploaded from here
source-demo = demo

answer-tries = { $count } tries
answer-request-id = request id { $id }

cause-service = the service refused this item
cause-not-deleted = the service says it did not delete it
cause-no-verdict = the answer does not say whether it was deleted
cause-not-json = the answer is { $detail }, not the service's JSON: is this the service at all?
cause-truncated = the answer broke off
cause-other-id = the answer is about another id: { $detail }
cause-error-in-success = the answer says success and carries an error
cause-too-large = the answer is longer than { $detail } bytes
cause-timeout = no answer within { $detail } s
cause-disconnected = the connection broke: { $detail }
cause-unreachable = no connection, nothing was sent: { $detail }
cause-key-refused = the service does not accept the API key
cause-wrong-address = this is not an answer of the service about an id: check the base URL and proxies
cause-redirected = redirected to { $detail }, which is never followed: check the base URL
cause-quota = a quota is used up
cause-exhausted = gave up retrying
cause-stopped = stopped
cause-interrupted = sent by a run that ended before the answer came
cause-unwritten = what came of it could not be written down
cause-still-there = the service said that it is deleted, and still shows it

refusal-no-key = no API key
refusal-read-only = read-only
refusal-too-many = { $asked } items are more than the profile allows at once (max_batch = { $limit })
refusal-journal = the ledger cannot be written, so nothing was sent: { $error }
refusal-other-service = the rows of this profile belong to { $theirs }, not to { $asked }; make a profile for that in the config file, or give it a folder of its own with --data-dir
refusal-nothing = nothing to delete: all of it is gone already, protected or in another batch

id-error-empty = it is empty
id-error-too-long = { $length } characters are too long for an id (at most { $limit })
id-error-not-visible = character { $at } is not visible ASCII
id-error-dots = . and .. are not ids
id-error-masked = it is masked with *; the whole id is needed
id-error-no-kind = it does not say whether it is a response or a file

freed-enough = { $files } chosen, { $bytes }: enough for { $asked }. { $left } would be left in use.
freed-short = Not enough for { $asked }: { $files } chosen, { $bytes }; { $left } would be left. Passed over: protected { $protected }, in a batch or in doubt { $busy }, of unknown size { $unknown }.

upload-unreadable = it cannot be read: { $error }
upload-no-file = it is not a file
upload-too-large = { $bytes } are more than the service takes ({ $limit })
upload-failed = not uploaded: { $reason }
upload-unclear = it may be uploaded or not, and was not sent again: { $reason }. A sync shows whether it is there.
upload-life = a file lives 1 to 30 days from now: write 1d, 12d or 4w

label-tag-length = a tag has 1 to { $limit } characters, and this has { $length }
label-tag-character = a tag has no spaces and no control characters, and does not begin with -
label-note-length = a note has at most { $limit } characters, and this has { $length }

query-unknown-key = unknown key
query-unknown-kind = unknown kind: response or file
query-unknown-state = unknown state: tracked, queued, sending, deleted, gone, refused, failed, unsettled or expired
query-missing-value = a value is missing
query-not-a-duration = not a duration: write 90s, 15m, 12h, 3d or 2w
query-not-a-size = not a size: write 500, 20KB, 10MB, 1.5GB or 1GiB
query-needs-comparison = this key takes < or >, as in age>3d
query-needs-colon = this key takes a colon, as in tag:keep
query-open-quote = the quote is not closed

import-of = { $done } of { $total }
import-progress = { $done } · { $rate }/s · { $new ->
    [one] { $new } new id
   *[other] { $new } new ids
}
import-tally = added: { $new } · known already: { $known } · rejected: { $rejected }
import-searched = searched: { $files ->
    [one] { $files } file
   *[other] { $files } files
}, { $lines ->
    [one] { $lines } line
   *[other] { $lines } lines
}, { $bare } of them without an id
import-deleted = deleted by now and not added: { $count }
import-doubted = known, but said to be deleted: { $count }

unreadable-missing = there is no such file or folder
unreadable-denied = permission denied
unreadable-folder = it is a folder, not a file
unreadable-not-a-folder = a part of the path is a file, not a folder
unreadable-cut-short = it ends too early; what came before was read
unreadable-packed = it is compressed ({ $how }) in a way that is not read here
