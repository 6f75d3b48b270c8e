#!/usr/bin/env bash
# Publish distribution files, and wait for the verdict on each. A file called ….command.json is a
# command; then it also waits for the answer to the command.
#
#   usage: publish.sh UPLOADER RUN_ID FILE...
#
# It uploads each file as UPLOADER/RUN_ID/<file name> with its SHA-256; the incoming bucket announces
# the object. A retry needs a new RUN_ID, because an object cannot be uploaded again.
#
# It needs curl, gcloud (signed in as the uploader's service account), INCOMING_BUCKET and
# VERDICTS_BUCKET. For the local index, which has no accounts, `. .local/env` sets all variables and
# gcloud is not needed. It does not use `gcloud storage cp`, which reads the object first, and uploads,
# composes and deletes parts of large files. An uploader can only create objects.
set -euo pipefail

STORAGE=${STORAGE_URL:-${STORAGE_EMULATOR_HOST:-https://storage.googleapis.com}}
# Seconds to wait for a verdict, and for the answer to a command: a mistyped name is refused only after
# its COMMAND_GRACE, at the next delivery.
PATIENCE=${VERDICT_TIMEOUT:-600}
COMMAND_PATIENCE=${VERDICT_TIMEOUT:-1500}
PAUSE=${VERDICT_PAUSE:-3}

die() {
    printf 'publish.sh: %s\n' "$*" >&2
    exit 1
}

# Percent-encode an object name, also its slashes: it is one path segment in the URLs of Cloud Storage.
encode() {
    local LC_ALL=C text=$1 index character
    for ((index = 0; index < ${#text}; index++)); do
        character=${text:index:1}
        case $character in
            [a-zA-Z0-9._~-]) printf '%s' "$character" ;;
            *) printf '%%%02X' "'$character" ;;
        esac
    done
}

# Send a request. The token is in a file, so that it is not visible in the list of processes.
request() {
    curl --silent --show-error --header @<(printf 'Authorization: Bearer %s\n' "$token") "$@"
}

# Print the value of a JSON field in a file.
field() {
    sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$2" | head -n 1
}

# Upload a file and print its generation. Two requests allow a streamed upload with metadata; the second
# creates the object, unless one of that name exists.
upload() {
    local file=$1 name=$2 digest status session
    digest=$(sha256sum "$file" | cut -d ' ' -f 1)
    status=$(request --output "$work/answer" --dump-header "$work/headers" --write-out '%{http_code}' \
        --header 'Content-Type: application/json' --data "{\"metadata\":{\"sha256\":\"$digest\"}}" \
        "$STORAGE/upload/storage/v1/b/$INCOMING_BUCKET/o?uploadType=resumable&ifGenerationMatch=0&name=$(encode "$name")")
    [[ $status == 200 ]] || refuse "$name" "$status"
    session=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ll]ocation: //p')
    status=$(request --output "$work/answer" --write-out '%{http_code}' --upload-file "$file" "$session")
    [[ $status == 200 ]] || refuse "$name" "$status"
    field generation "$work/answer"
}

refuse() {
    cat "$work/answer" >&2
    case $2 in
        403 | 412) die "upload of $1 failed ($2): if it exists already, use a new run ID; else check the name of the uploader" ;;
        *) die "upload of $1 failed ($2)" ;;
    esac
}

# Wait up to $3 seconds for a verdict and print it; fail if its outcome is another one. Until it exists the response is
# 403, because an uploader may read its verdicts but not list them.
wait_for() {
    local name=$1 outcome=$2 patience=$3 status
    while ((SECONDS < patience)); do
        status=$(request --output "$work/verdict" --write-out '%{http_code}' \
            "$STORAGE/storage/v1/b/$VERDICTS_BUCKET/o/$(encode "$name")?alt=media")
        if [[ $status == 200 ]]; then
            cat "$work/verdict" && echo
            [[ $(field outcome "$work/verdict") == "$outcome" ]]
            return
        fi
        sleep "$PAUSE"
    done
    die "no verdict at gs://$VERDICTS_BUCKET/$name within $patience s (last response: $status)"
}

[[ $# -ge 3 ]] || die "usage: publish.sh UPLOADER RUN_ID FILE..."
: "${INCOMING_BUCKET:?}" "${VERDICTS_BUCKET:?}"
prefix=$1/$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -n ${STORAGE_EMULATOR_HOST:-} ]]; then
    token=local
else
    token=$(gcloud auth print-access-token)
fi

# Upload all files before waiting for the first verdict.
verdicts=()
for file in "$@"; do
    name=$prefix/$(basename "$file")
    generation=$(upload "$file" "$name")
    printf 'uploaded gs://%s/%s#%s\n' "$INCOMING_BUCKET" "$name" "$generation"
    verdicts+=("$name/$generation.json")
done

SECONDS=0
failed=0
for verdict in "${verdicts[@]}"; do
    wait_for "$verdict" accepted "$PATIENCE" || {
        failed=1
        continue
    }
    command=$(field command_id "$work/verdict")
    [[ -z $command ]] || wait_for "commands/$command.json" 'done' "$COMMAND_PATIENCE" || failed=1
done
exit "$failed"
