# `--help` and the manual pages: keys are made from the command and its argument.

help-heading-usage = Usage:
help-heading-commands = Commands
help-heading-arguments = Arguments
help-heading-options = Options
help-heading-global = Options of every command

help = See, capture and safely delete the model responses and files you keep on Volcengine Ark
help-after = Without a command: the terminal UI, which needs a terminal. `arkdeck demo` shows it without a key.
    { "" }
    Environment: ARK_API_KEY (the key), ARK_BASE_URL, ARKDECK_PROFILE, ARKDECK_DATA_DIR, ARKDECK_CONFIG, ARKDECK_CONFIRM, ARKDECK_LOG, NO_COLOR, and the usual proxy variables. A flag beats a variable beats the config file.
    { "" }
    Exit codes: 0 everything asked is so · 1 some items failed, were refused or are unsettled · 2 wrong usage · 3 refused before anything was sent · 130 interrupted.
help-global-profile = The profile: base URL, key and quirks, from the config file
help-global-base-url = Where the service is, up to and including /api/v3
help-global-data-dir = Where the ledger is
help-global-config = The config file
help-global-read-only = Send nothing that changes anything, and leave the ledger as it is
help-global-lang = The language of messages and help [default: that of the system]
help-global-verbose = Write a log into the data directory; it never holds the key. `add` also says where each id stands
help-global-help = Print help
help-global-version = Print the version

help-demo = The terminal UI on a made-up service in this process and a throw-away ledger
help-demo-responses = How many responses there are
help-demo-files = How many files there are
help-demo-latency = How long each answer takes, in milliseconds
help-demo-rate-limit = How many requests a second each call takes before it answers 429
help-demo-fail = How many of 100 requests fail

help-emulate = A stand-in for Ark on this machine; the first line printed is its base URL
help-emulate-listen = Address and port; port 0 takes a free one [default: 127.0.0.1:0]
help-emulate-api-key = The only key taken; without it any key is
help-emulate-responses = How many responses there are at the start [default: 0]
help-emulate-files = How many files there are at the start [default: 0]
help-emulate-latency = How long each answer takes, in milliseconds
help-emulate-rate-limit = How many requests a second each call takes before it answers 429
help-emulate-fail = How many of 100 requests fail

help-add = Track ids: put them into the ledger
help-add-ids = What to track
help-add-from = A file, a folder with all that is in it, or a pattern such as 'logs/*.gz'; - is standard input
help-add-kind = What ids are whose prefix does not tell
help-add-tag = A tag for all of them, to filter by later
help-add-after = Prints the ids that are new. Without ids and --from, reads what is piped in. Files may have any size and may be compressed with gzip or zstd.
    { "" }
    A file is a list if all its lines are single words, or if half of them are ids: in it an id may have any shape, and a line that is none is named. Every other file (a log, JSON, a HAR file, a shell's history) is searched for ids of Ark's own shapes. What recorded JSON says about an id is kept, but for what is known already.

help-list = List what the ledger knows
help-list-kind = Only these
help-list-filter = Only what matches: words, and terms such as state:failed age>3d size>10MB -tag:keep
help-list-all = Also what is deleted, gone or expired
help-list-output = How to print [default: table]
help-list-after = json, jsonl and csv have the same fields, in the same order: those that the README lists. Times are RFC 3339; what is unknown is null, and empty in csv. id prints an id a line, for xargs.

help-show = Show one resource, asked of the service where possible
help-show-id = Which one
help-show-kind = What it is, where its prefix does not tell
help-show-output = How to print; in json, raw is the service's own object [default: table]

help-sync = Mirror the server's list of files into the ledger
help-sync-responses = Also ask for each tracked response again

help-upload = Upload files, and keep their ids
help-upload-files = What to upload, each at most 512 MiB
help-upload-purpose = What for, in the service's words [default: user_data]
help-upload-expire-at = When the service drops it: a date or time (UTC), 1 to 30 days from now
help-upload-expires-in = How long it lives: 1d to 30d [default: the service's, a week]
help-upload-tag = A tag for all of them, to filter by later
help-upload-output = How to print what came of each [default: table]
help-upload-after = One after another; Ctrl-C stops. A file that the service may have taken is never sent again: without a clear answer it is told as in doubt, and `arkdeck sync` shows whether it is there.

help-delete = Delete responses and files on the service
help-delete-ids = What to delete; - reads ids from standard input, one a line
help-delete-kind = What ids are whose prefix does not tell
help-delete-filter = Delete what matches instead, as in `list --filter`
help-delete-free = Delete files until this much room is free, such as 5GB; with --filter only such as match
help-delete-oldest = Take the oldest first; this is the default
help-delete-largest = Take the largest first
help-delete-dry-run = Print what would be deleted, and delete nothing
help-delete-yes = Do not ask
help-delete-concurrency = Requests under way at once
help-delete-rate = Requests a second of each kind
help-delete-max = Refuse to delete more than this many
help-delete-verify = Count as deleted only what a lookup no longer finds
help-delete-output = How to print what came of each [default: table]
help-delete-after = Deleting cannot be undone. Every request is on disk before it is sent, and an interrupted run can be settled by `arkdeck resume`. Without a terminal, --yes is needed, and on a protected profile also ARKDECK_CONFIRM=<number of items>.

help-plan = Write what would be deleted into a file, for review; delete nothing
help-plan-ids = What to delete; - reads ids from standard input, one a line
help-plan-kind = What ids are whose prefix does not tell
help-plan-filter = Plan for what matches instead, as in `list --filter`
help-plan-free = Delete files until this much room is free, such as 5GB; with --filter only such as match
help-plan-oldest = Take the oldest first; this is the default
help-plan-largest = Take the largest first
help-plan-out = The file to write; one that exists is left as it is
help-plan-after = The file is JSON with an item a line. Items may be struck out before `arkdeck apply`; what is added or changed is refused.

help-apply = Delete what a plan names, and nothing else
help-apply-file = The plan, as `arkdeck plan` wrote it
help-apply-max-age = Refuse a plan that is older, such as 12h or 30d [default: 7d]
help-apply-yes = Do not ask
help-apply-concurrency = Requests under way at once
help-apply-rate = Requests a second of each kind
help-apply-max = Refuse to delete more than this many
help-apply-verify = Count as deleted only what a lookup no longer finds
help-apply-output = How to print what came of each [default: table]
help-apply-after = What matches the plan's filter by now but is not in the plan stays. A plan for another profile or base URL is refused. Confirmation and exit codes are those of `delete`.

help-forget = Drop ids from the ledger; on the service nothing is deleted
help-forget-ids = What to forget
help-forget-kind = What ids are whose prefix does not tell

help-protect = Keep ids from being deleted: no batch takes them, whoever asks
help-protect-ids = What to protect; what is not in the ledger is added to it
help-protect-kind = What ids are whose prefix does not tell

help-unprotect = Let ids be deleted again
help-unprotect-ids = Whose protection to lift
help-unprotect-kind = What ids are whose prefix does not tell

help-tag = Write tags and a note on what is in the ledger; nothing is sent
help-tag-ids = On what; what is not in the ledger is added to it
help-tag-kind = What ids are whose prefix does not tell; with --filter, only these
help-tag-filter = On all that matches instead, as in `list --filter`
help-tag-add = A tag to put on: up to 64 characters, no spaces
help-tag-remove = A tag to take off
help-tag-note = What to note, up to 1000 characters; it takes the place of the old note, and an empty one takes it away
help-tag-after = Filters find them: tag:TAG, note:TEXT, and words match both. Prints the ids that are so now.

help-resume = Settle what an earlier run sent without living to see the answer
help-resume-output = How to print what came of each [default: table]

help-history = Tell what was asked to be deleted, when it was sent, and what was answered
help-history-id = Only of this id
help-history-kind = Only of responses or of files
help-history-filter = Only what has all these words in its id, name, code, message or request ids
help-history-outcome = Only deleted, gone, refused, failed, cancelled or unsettled
help-history-batch = Only of this batch
help-history-since = Only since then: 12h or 3d ago, a date, or a time (UTC)
help-history-check = Follow the chain of hashes from end to end instead, and say whether it is whole
help-history-purge-older-than = Forget instead what is older than 90d, say, with the tombstones of that time
help-history-yes = Do not ask
help-history-output = How to print [default: table]
help-history-after = Newest first. Each entry is linked to the one before it by a hash, so that no entry can be changed, dropped or added unseen; --check exits with 1 if one was. Purging leaves the chain whole, and an entry that says so.

help-doctor = Check settings, ledger, terminal, key and service, and say what to do
help-doctor-probe = Delete a made-up id of each kind, to learn how the service says “no such id”

help-config = The config file and what holds
help-config-path = Print where it is
help-config-init = Write one with every setting explained
help-config-show = Print the settings that hold, and where each comes from
help-config-check = Find mistakes in it

help-completions = Print a completion script for a shell
help-completions-shell = Which shell

help-man = Print a manual page
help-man-command = Of this command [default: of the program]
