# The terminal UI.

header-demo = DEMO
header-read-only = READ-ONLY
header-protected = protected

banner-demo = Demo: made-up service, throw-away ledger. Nothing here is real.
banner-no-key = No API key: look and add ids, but not delete. Set ARK_API_KEY, start again.
banner-key-page = Get a key: https://console.volcengine.com/ark/region:ark+cn-beijing/apiKey
banner-unsettled = { $count ->
    [one] { $count } deletion is in doubt: sent, answer never seen. R settles it.
   *[other] { $count } deletions are in doubt: sent, answers never seen. R settles them.
}
banner-unsent = Deletions never sent, now marked: { $what }. d reviews them.
banner-refused = Nothing can be deleted here: { $reason }.

pane-responses = Responses
pane-files = Files
pane-queue = Queue
pane-details = Details
pane-marked = · { $count } marked
pane-range = · range
pane-chains = · chains
pane-tombstones = · with what is gone
pane-syncing = · syncing, { $seen } seen
pane-quota = { $used } of { $quota } ({ $percent } %)
pane-quota-floor = at least { $used } of { $quota } ({ $percent } %)
pane-quota-short = { $percent } %
pane-quota-short-floor = ≥ { $percent } %
pane-refreshing = · fetching { $done }/{ $total }

column-state = state
column-id = id
column-model = model
column-name = name
column-size = size
column-age = age
column-expires = expires

row-retry = ▸ retry in { $span }
row-new = new
expiry-never = never

chain-turns = { $count ->
    [one] { $count } turn
   *[other] { $count } turns
}
chain-tokens = { $count } tokens
chain-tokens-at-least = { $count }+ tokens
chain-folded = chain
chain-latest = newest turn
chain-before = turn before
chain-hidden = in the ledger, hidden by the filter
chain-hidden-tombstone = { $state }: H shows it
chain-unknown = ? unknown
chain-gone = ∅ gone
chain-look = not in the ledger: r looks for it
chain-look-back = not in the ledger: h looks for it
chain-asked = asking the service…
chain-gone-note = the service has it no longer
chain-no-id = cannot be an id

empty-responses = No responses yet. The service cannot list them: n adds ids by hand or by paste.
empty-files = No files yet. r asks the service for its list.
empty-filtered = Nothing matches the filter. Esc clears it.

field-id = id
field-state = state
field-reason = reason
field-name = name
field-model = model
field-status = status
field-size = size
field-purpose = purpose
field-mime = type
field-created = created
field-expires = expires
field-previous = continues
field-next = continued by
field-branch = branch
field-cited-by = cited by
field-usage = tokens
field-tags = tags
field-note = note
field-tracked = tracked
field-settled = settled
time-ago = { $time } ({ $span } ago)
time-ago-approx = about { $time } ({ $span } ago, read off the id)
time-in = { $time } (in { $span })
field-tokens = { $total } ({ $input } in, { $cached } of them cached, { $output } out)
field-error = error
field-incomplete = incomplete
field-caching = caching
field-thinking = thinking
field-reasoning-tokens = reasoning
field-tool-usage = tool usage
field-tools = tools
field-tier = tier
field-stored = stored
field-sampling = settings
field-preprocessing = preprocessing
field-storage = storage
field-description = description
field-service = service

details-tokens = { $count } tokens
details-facts = Facts
details-text = Text
details-json = JSON
details-awaited = loading…
details-input-awaited = loading the input…
details-no-more = Not fetched: there is nothing left to ask for. r asks all the same.
details-refused = Not fetched: { $reason }
details-failed = Could not be fetched: { $reason }
details-gone = The service has it no longer: { $reason }
details-branch = { $at } of { $of }: b shows the next
details-no-input = The input could not be fetched: { $reason }
heading-input = Input
heading-output = Output
heading-instructions = Instructions
heading-user = user
heading-system = system
heading-developer = developer
heading-assistant = assistant
heading-reasoning = reasoning
heading-tool-call = tool call
heading-tool-result = tool result
heading-item = item
heading-cut = … cut: there is more than is shown here

pane-history = History
history-batch = batch
history-outcome = outcome
history-asked = asked
history-sent = sent
history-tries = tries
history-status = status
history-code = code
history-request = request id
history-client-request = our request id
history-empty = No deletions yet, or none that match the filter.
history-misread = not understood: { $word }
field-protected = protected
field-protected-yes = from deletion (P)

queue-paused = · paused
queue-empty = Nothing yet: deletions and what comes of them appear here.
queue-writing = { $count ->
    [one] Writing down { $count } deletion…
   *[other] Writing down { $count } deletions…
}
queue-importing = { $path }: { $progress }
queue-taking-back = Batch { $batch }: taking back its { $total }…
queue-held = Batch { $batch }: { $total } to delete, starting in { $seconds } s. z takes it back.
queue-held-paused = Batch { $batch }: { $total } to delete, not before the queue is resumed. z takes it back.
queue-running = Batch { $batch }: { $done }/{ $total } · { $tally }
queue-speed = { $rate }/s · { $flying } of { $limit } on the wire
queue-eta = { " · " }{ $span } left
queue-retried = { " · " }{ $count } retried
queue-throttled = { " · " }throttled for { $seconds } s: { $reason }
queue-ended = Batch { $batch } done: { $tally } of { $total }

event-accepted = batch { $batch }: { $count } queued
event-taken-back = batch { $batch } taken back: nothing of its { $count } was sent
event-refused = not done: { $reason }
event-halted = batch { $batch } stopped: { $reason }
event-finished = batch { $batch } done: { $tally }
event-journal-failed = the ledger cannot be written, nothing more is sent: { $error }
event-paused = paused: what is on the wire will settle
event-unpaused = no longer paused
event-synced = { $seen ->
    [one] { $seen } file
   *[other] { $seen } files
} synced · { $new } new · { $gone } gone · { $failed } failed · { $stuck } stuck
event-synced-part = not all files synced, nothing called gone: { $seen } seen · { $new } new · { $failed } failed · { $stuck } stuck · { $skipped } unreadable
event-refreshed = fetched { $id }
event-fetched = fetched { $done } of { $total }
event-walked = { $count ->
    [one] { $count } earlier turn found
   *[other] { $count } earlier turns found
}
event-not-refreshed = { $id } could not be fetched: { $reason }
event-errand-halted = stopped early: { $reason }
event-tracked = { $new ->
    [one] { $new } id added
   *[other] { $new } ids added
}, { $known } known already
event-imported = imported { $path }: { $tally }
event-import-stopped = stopped importing { $path }, what was found is kept: { $tally }
event-not-imported = { $name } cannot be read: { $error }
event-rejected-line = { $name }, line { $line }, is no id: { $error }
event-import-under-way = one import at a time: x stops the one under way
event-recovered = an earlier run ended early: { $unsettled ->
    [one] { $unsettled } deletion
   *[other] { $unsettled } deletions
} in doubt
event-unsent = { $count ->
    [one] { $count } deletion was never sent; it is marked: d reviews it
   *[other] { $count } deletions were never sent; they are marked: d reviews them
}
event-ledger-failed = the ledger: { $error }
event-copied = copied
event-nothing-to-retry = nothing failed
event-nothing-to-take-back = no batch is in its undo window

confirm-title = { $count ->
    [one] Delete { $count } item for good?
   *[other] Delete { $count } items for good?
}
confirm-counting = Adding up…
confirm-still-counting = Still adding up: nothing is confirmed before that is done.
confirm-nothing = Nothing is left to delete. Esc closes this.
confirm-wrong-number = not the number
confirm-struck = { $count } struck out
confirm-hidden = { $count } of them hidden by the filter
confirm-left-out = { $count } left out: gone already or in another batch
confirm-protected = { $count } protected, left out
confirm-cited-by = cited by { $count ->
    [one] { $count } response
   *[other] { $count } responses
}
confirm-cited-by-id = cited by { $ids }
confirm-cited = { $count ->
    [one] ! { $count } file is cited by responses that stay and may need it again.
   *[other] ! { $count } files are cited by responses that stay and may need them again.
}
confirm-dependents = { $count ->
    [one] { $count } response that stays continues one that goes: its next turn costs the full input again.
   *[other] { $count } responses that stay continue ones that go: their next turns cost the full input again.
}
confirm-place = From { $profile } at { $host }. Starts { $seconds } s after you confirm.
confirm-type = Type { $count } and press Enter:
confirm-cancel = Cancel
confirm-delete = Delete

add-title = Add ids
add-intro = Type or paste ids, one a line, or text that has some. Enter adds what can be read; the rest stays here.
add-kind = Ids without a known prefix are: { $kind }  (Tab)
add-kind-ask = not decided
add-needs-kind = response or file? Tab
add-summary = { $ids } to add, { $bad } to correct

form-tags = tags
form-note = note
form-label-title = { $count ->
    [one] Tags and note
   *[other] Tags and note of { $count } items
}
form-label-one = They stay in the ledger and are never sent. Tags are words; / finds them, and the note.
form-label-many = Words are put on as tags, -words are taken off. A note replaces each note; a lone - takes the notes away; empty leaves them.

form-size = room
form-free-title = Free some room
form-free-oldest = How much, such as 5GB? Of the files that the filter shows, the oldest are chosen until it is enough (Tab: the largest). A second Enter marks them; nothing is deleted before d and its review.
form-free-largest = How much, such as 5GB? Of the files that the filter shows, the largest are chosen until it is enough (Tab: the oldest). A second Enter marks them; nothing is deleted before d and its review.
import-title = Import ids
import-intro = A file, a folder or a pattern such as ~/logs/*.gz: lists, logs, JSON, HAR files, of any size, also compressed with gzip or zstd.

form-path = files
form-purpose = purpose
form-life = expires in
form-upload-title = Upload files
form-upload = Paths or patterns of files of at most 512 MiB; several need quotes or \ where they have spaces. Without an expiry the service keeps them for a week; else 1d to 30d.
form-no-path = which file?
form-unreadable = { $name }: { $error }
form-upload-found = { $count } files, { $bytes } in all; Enter uploads them:
form-upload-more = and { $count } more
form-not-a-purpose = a purpose is a word such as user_data
queue-upload = { $name }: { $sent } of { $bytes } sent
queue-upload-of = { $at } of { $total } · { $name }
queue-upload-waiting = { $name }: trying again in { $span }: { $reason }
event-not-begun = stopped: { $count ->
    [one] 1 file
   *[other] { $count } files
} not sent
event-uploaded = uploaded { $name } as { $id }

palette-title = Actions
palette-nothing = Nothing that can be done now has these words.

quit-title = Quit
quit-question = Work is pending. Leaving sends nothing more: what is on the wire is settled first, the rest goes back to where it was.
quit-stay = Stay
quit-leave = Stop and leave
quit-leaving = Settling what is on the wire ({ $count } to go). q again leaves at once; the next start will say what is in doubt.

key-help-title = Keys
key-down = down
key-up = up
key-top = first
key-bottom = last
key-half-down = half a page down
key-half-up = half a page up
key-page-down = page down
key-page-up = page up
key-next-pane = next pane
key-responses = to the responses
key-files = to the files
key-queue = to the queue
key-delete = delete
key-take-back = take back
key-mark = mark
key-range = mark a range: again at its other end
key-mark-all = mark all in view
key-invert = invert marks
key-unmark = unmark all
key-filter = filter
key-search = search
key-next-hit = next
key-previous-hit = previous
key-previous-turn = turn before
key-next-turn = turn after
key-next-branch = other branch
key-keep-search = keep the search
key-next-page = next page
key-add = add ids
key-import = import ids
key-refresh = refresh
key-sync = sync
key-details = details
key-sort = sort by the next column
key-reverse = reverse the order
key-tombstones = show or hide what is gone
key-copy = copy the id
key-copy-curl = copy as curl, without the key
key-settle = settle
key-retry = retry what failed
key-history = history or activity
key-chains = chains of turns, or single responses
key-mark-chain = mark with all that continues it
key-unfold = unfold a chain
key-fold = fold a chain, or go to the turn before
key-protect = protect from deletion
key-label = tags and note
key-free = free room
key-upload = upload
key-pause = pause
key-resume = resume
key-stop = stop
key-strike = strike out
key-yes = yes
key-no = no
key-back = back
key-press = press
key-cancel = cancel
key-stop-and-quit = stop and quit
key-stay = stay
key-quit-now = quit at once
key-keep-filter = keep the filter
key-complete = complete the key
key-earlier = earlier filter
key-later = later filter
key-take-ids = add them
key-take-form = go on
key-switch-first = oldest or largest
key-switch-line = other line
key-complete-path = complete the path
key-take-path = import
key-close = close
key-switch = other button
key-switch-kind = kind
key-help = help
key-palette = all that can be done now
key-run = do it
key-quit = quit
key-suspend = suspend to the shell
key-query-language = Filter: words match id, name, model, tags and note. kind: state: status: purpose: model: name: id: tag: note: source: narrow it; age>3d, expires<12h, size>10MB compare; - in front negates.
