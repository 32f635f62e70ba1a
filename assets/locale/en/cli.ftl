# What commands say. Results for scripts are not here: those are the same in every language.

failure-needs-terminal = the screen needs a terminal; `arkdeck --help` lists the commands that do not
failure-keys = the keys of { $path } cannot be used: { $error }
failure-output = the results could not be written: { $error }
failure-ledger = the ledger cannot be used: { $error }
failure-signals = signals cannot be caught, so nothing was sent: { $error }
note-returned = an earlier run ended before all was sent; never sent: { $count }. Nothing sends them but a new `delete`; `arkdeck history --batch { $batch } --outcome cancelled -o id` lists them.
note-recovered = an earlier run ended while deleting; unsettled: { $count }. `arkdeck resume` settles them.

# Settings
config-no-home = there is no home directory; say where with --config and --data-dir
config-unreadable = { $path } cannot be read: { $error }
config-unwritable = { $path } cannot be written: { $error }
config-exists = { $path } exists and is left as it is
config-syntax = { $place }: { $error }
config-value = { $place }: { $name } takes { $allowed }
config-base-url = the base URL from { $origin } cannot be used: a base URL { $allowed }
config-no-such-profile = there is no profile “{ $name }” ({ $origin }); there are: { $known }
config-out-of-range = a number from { $min } to { $max }
config-not-a-rate = a number of requests a second above 0 and up to 100000, or "unlimited"
config-not-a-size = a size such as "20GB", or "unlimited"
config-unknown-lang = "en" or "zh-CN"
config-two-key-sources = turns with key_env: give one of them, not both
config-empty-command = a program and its arguments, such as ["pass", "show", "ark"]
config-not-a-variable = the name of an environment variable (letters, digits, _), not the key itself
config-profile-name = names of 1 to 64 letters, digits, `.`, `_` or `-`
config-not-a-code = error codes of letters, digits, `.`, `_` and `-`, with a `*` at one end at most
config-url-not-a-url = is a whole URL, such as https://ark.cn-beijing.volces.com/api/v3
config-url-scheme = starts with https:// (or http:// for this machine)
config-url-credentials = holds no user name and no password
config-url-query = has no ? and no #
config-fine = { $path }: no mistakes
config-absent = { $path } does not exist, so all settings are the defaults. `arkdeck config init` writes one.
config-column-name = SETTING
config-column-value = VALUE
config-column-origin = FROM
config-unlimited = unlimited
config-key-set = set
config-key-bad = set, but no key
config-key-not-set = not set
config-key-command = from a program, not run now
origin-file = config file, line { $line }
origin-locale = system language
origin-default = default

# The key and the client
key-not-set = no API key: { $name } is not set. Make a key at https://console.volcengine.com/ark/region:ark+cn-beijing/apiKey and put it into { $name }.
key-bad-variable = no API key: { $name } holds no key: { $error }
key-cannot-run = no API key: { $program } cannot be run: { $error }
key-failed = no API key: { $program } failed ({ $status })
key-bad-output = no API key: { $program } printed none: { $error }
key-empty = it is empty
key-not-header-text = it holds a character that no key has
client-plain-http = the key would travel unencrypted to { $host }. Use https://, or set allow_plain_http for this profile.
client-tls = no secure connections can be made: { $error }
client-other = the base URL cannot be used: { $error }

# Ids and filters
ids-need-kind = { $id } does not say whether it is a response or a file: add --kind
filter-error = --filter, characters { $from }–{ $to }: { $error }
filter-empty = an empty filter would be everything: say what is meant, or kind:response kind:file one after the other

# add
add-nothing = nothing to add: give ids, --from FILE, or pipe a list in
add-stdin = stdin
add-known = { $id } is known already
add-unreadable = { $name } cannot be read: { $error }
add-line-too-long = the line is too long to be looked at
add-doubted = Known ids that are said to be deleted stay as they are until the service is asked, by 'arkdeck show ID' or 'arkdeck sync --responses': { $count }.
add-give-kind = Where the id does not tell, --kind response or --kind file does.
add-stopped = Interrupted: what was found so far is in the ledger.

# list
listing-column-id = ID
listing-column-kind = KIND
listing-column-state = STATE
listing-column-created = CREATED
listing-column-expires = EXPIRES
listing-column-size = SIZE
listing-column-name = NAME OR MODEL
listing-column-tags = TAGS
listing-never = never
listing-protected = { $state }, protected

# show
show-from-ledger = What follows is from the ledger.
show-id = id
show-kind = kind
show-state = state
show-name = name
show-model = model
show-size = size
show-type = type
show-status = status
show-error = error
show-purpose = purpose
show-created = created
show-expires = expires
show-previous = continues
show-usage = usage
show-usage-tokens = { $total } tokens: { $input } in ({ $cached } cached), { $output } out
show-cited-by = cited by
show-tags = tags
show-note = note
show-source = source
show-tracked = tracked since
show-answer = last answer

# sync
sync-progress = page { $pages }, { $seen } files
sync-files = { $seen } on the server · new: { $new } · gone: { $gone } · failed: { $failed } · stuck: { $stuck }
sync-skipped = Entries that could not be read as a file: { $count }.
sync-incomplete = The listing is not complete, so nothing is taken as gone.
sync-responses = { $fresh } refreshed · gone: { $gone } · failed: { $failed }

# delete, resume
delete-nothing = nothing to delete: give ids, - for a list on stdin, or --filter
delete-too-many = { $count } items are selected and { $limit } is the limit; nothing was sent
delete-totals = { $responses } and { $files } ({ $size }){ $dependents ->
    [0] .
   *[other] ; kept, but continuing one of them: { $dependents }.
}
delete-dry-run = Nothing was deleted.
delete-more = … and { $count } more
delete-unknown = new to the ledger
delete-where = Profile { $profile }, { $host }
delete-ask = Delete? This cannot be undone. y or n:
delete-ask-number = Delete? This cannot be undone. Type the number of items ({ $count }) to go on:
delete-declined = not confirmed; nothing was sent
delete-needs-yes = nobody can be asked here; --yes confirms
delete-not-enough = with --yes only as much as was asked for is deleted, or nothing: ask for less, or look at it without --yes; nothing was sent
delete-needs-confirm = the profile is protected and nobody can be asked here: ARKDECK_CONFIRM={ $count } confirms
delete-protected = it is protected, so nothing was sent; `arkdeck unprotect` lifts that
delete-left-out = Protected, and so left out: { $count }.
delete-cited = Cited by responses that stay, which may need them again: { $files }.
resume-nothing = Nothing is unsettled.
work-stopping = Stopping: waiting for what has been sent. Ctrl-C again leaves at once.
work-halted = stopped: { $reason }
work-journal = the journal takes no writes, so nothing more is sent: { $error }
work-progress = { $done } of { $total } · { $rate }/s
work-left = { $span } left
work-throttled = throttled for { $span }: { $reason }
work-waiting = trying again in { $span }: { $reason }
work-count = { $outcome }: { $count }
work-unsettled = What was sent without an answer is unsettled. `arkdeck resume` settles it.

# plan, apply
plan-exists = { $file } exists and is not written over
plan-unwritable = { $file } cannot be written: { $error }
plan-skipped = Left out, because they are gone already or cannot be deleted now: { $count }.
plan-made = Nothing was deleted. `arkdeck apply { $file }` deletes these { $count }; items can be struck out of the file before that, not added.
apply-unreadable = { $file } cannot be read: { $error }
apply-malformed = { $file } is no plan: { $error }; nothing was sent
apply-newer = { $file } is a plan of format { $found }, which this Arkdeck does not know; nothing was sent
apply-edited = { $file }: { $id } was added or changed since the plan was made; nothing was sent
apply-elsewhere = the plan is for profile { $profile }, { $host }, and this is { $current }, { $here }; nothing was sent
apply-ahead = the plan was made at { $at }, which is in the future by the clock of this machine; nothing was sent
apply-stale = the plan is { $age } old and { $limit } is the limit (--max-age); nothing was sent
apply-struck = Struck out of the plan since it was made: { $count }.

# upload
upload-done = uploaded
upload-in-doubt = in doubt
upload-not-begun = not begun
upload-sent = { $sent } of { $bytes }
upload-waiting = trying again: { $reason }

# tag
tag-no-change = nothing to change: give --add, --remove or --note
tag-nothing = nothing to tag: give ids or --filter

# forget
forget-pending = it is being deleted, so it stays
forget-unknown = it is not in the ledger

# protect, history
protect-pending = it is being deleted, so it stays as it is
history-column-time = TIME
history-column-batch = BATCH
history-column-outcome = OUTCOME
history-column-id = ID
history-column-answer = NAME AND ANSWER
history-pending = pending
history-whole = The chain is whole: { $count } entries (purged earlier: { $purged }).
history-broken = The history is not as it was written, from entry { $seq } on.
history-ask = Forget all history and tombstones from before { $time }? This cannot be undone. y or n:
history-declined = not confirmed; nothing was forgotten
history-purged = forgotten: { $entries } entries, { $tombstones } tombstones

# emulate, man
emulate-failed = the emulator cannot be started: { $error }
emulate-running = The emulator is running. Ctrl-C ends it.
man-no-command = there is no command { $name }

# doctor
doctor-ok = ok
doctor-warn = warn
doctor-fail = fail
doctor-config = config
doctor-config-file = { $path }, profile { $profile }
doctor-config-defaults = no { $path }: defaults, profile { $profile }
doctor-ledger = ledger
doctor-ledger-fine = { $path }: { $responses }, { $files }
doctor-ledger-unsettled = { $path }: { $responses }, { $files }, unsettled: { $unsettled }. `arkdeck resume` settles them.
doctor-terminal = terminal
doctor-terminal-none = none here: commands work, the screen does not
doctor-terminal-no-size = it does not tell its size
doctor-terminal-small = { $size }, { $term }, { $colours }: smaller than 80×24, so some things are left out
doctor-terminal-not-utf8 = { $size }, { $term }, { $colours }: the locale is not UTF-8; set LANG to one that is, such as C.UTF-8
doctor-terminal-fine = { $size }, { $term }, { $colours }, UTF-8
doctor-colours-off = no colours (NO_COLOR)
doctor-colours-some = indexed colours
doctor-colours-true = true colours
doctor-key = key
doctor-key-unknown = unknown while the settings have mistakes
doctor-key-variable = { $source } is set
doctor-key-command = { $source } gives one
doctor-service = service
doctor-service-fine = { $url } lists files with this key
doctor-service-bad = { $url }: { $reason }. { $advice }
doctor-advice-key = Check that the key is whole, not expired, and of the project on this host.
doctor-advice-network = Check the network, the proxy variables and the host name.
doctor-advice-code = The service understood and declined; its code and message say why.
doctor-advice-later = The service is there; try again later.
doctor-advice-url = Check the base URL; entries of subscriptions answer like this because they have no files.
doctor-probe = probe
doctor-probe-gone = { $kind }: a made-up id is answered with { $status } { $code }, which is known to mean “no such id”
doctor-probe-deleted = { $kind }: the service says “deleted” of an id that never was, so its word proves nothing
doctor-probe-unlisted = { $kind }: a made-up id is answered with { $status } { $code }. If that says “no such id”, add to the profile: not_found_codes = ["{ $code }"]
doctor-probe-unclear = { $kind }: nothing learnt: { $reason }
doctor-probe-read-only = skipped: read-only
