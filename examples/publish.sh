#!/usr/bin/env bash
# Publish distribution files, and wait for the verdict on each.
#
#   usage: publish.sh PUBLISHER RUN_ID FILE...
#
# Each file is uploaded as PUBLISHER/RUN_ID/<file name>, with its sha256, and the incoming bucket
# announces it. A retry needs a new RUN_ID: nothing that was uploaded can be uploaded again.
#
# Needs curl, gcloud (signed in as the publisher's account), INCOMING_BUCKET and VERDICTS_BUCKET.
# Not `gcloud storage cp`: before it uploads it asks whether the object is there, and parts of a
# large file are uploaded, joined and deleted. A publisher can create, and nothing else.
set -euo pipefail

STORAGE=${STORAGE_URL:-https://storage.googleapis.com}
PATIENCE=${VERDICT_TIMEOUT:-600}
PAUSE=${VERDICT_PAUSE:-3}

die() {
    printf 'publish.sh: %s\n' "$*" >&2
    exit 1
}

# Percent-encode: in Cloud Storage's addresses an object's name is one segment, slashes and all.
encoded() {
    local LC_ALL=C text=$1 index character
    for ((index = 0; index < ${#text}; index++)); do
        character=${text:index:1}
        case $character in
            [a-zA-Z0-9._~-]) printf '%s' "$character" ;;
            *) printf '%%%02X' "'$character" ;;
        esac
    done
}

# By way of a file, so that the token does not stand in the list of processes.
request() {
    curl --silent --show-error --header @<(printf 'Authorization: Bearer %s\n' "$token") "$@"
}

field() {
    sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$2" | head -n 1
}

# Upload a file to a name; say the generation it got. In two requests, so that it is streamed and
# its metadata comes with it: only the second creates the object, if there is none of that name.
upload() {
    local file=$1 name=$2 digest status session
    digest=$(sha256sum "$file" | cut -d ' ' -f 1)
    status=$(request --output "$work/answer" --dump-header "$work/headers" --write-out '%{http_code}' \
        --header 'Content-Type: application/json' --data "{\"metadata\":{\"sha256\":\"$digest\"}}" \
        "$STORAGE/upload/storage/v1/b/$INCOMING_BUCKET/o?uploadType=resumable&ifGenerationMatch=0&name=$(encoded "$name")")
    [[ $status == 200 ]] || refuse "$name" "$status"
    session=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ll]ocation: //p')
    status=$(request --output "$work/answer" --write-out '%{http_code}' --upload-file "$file" "$session")
    [[ $status == 200 ]] || refuse "$name" "$status"
    field generation "$work/answer"
}

refuse() {
    cat "$work/answer" >&2
    case $2 in
        403 | 412) die "$1 was not uploaded ($2): was it before (then take a new run id), or is it not your prefix?" ;;
        *) die "$1 was not uploaded ($2)" ;;
    esac
}

# Wait for a verdict, and print it. Until it is there the answer is 403: a publisher may read its
# verdicts, but not list them, and so is not told what is missing.
wait_for() {
    local name=$1 status
    while ((SECONDS < PATIENCE)); do
        status=$(request --output "$work/verdict" --write-out '%{http_code}' \
            "$STORAGE/storage/v1/b/$VERDICTS_BUCKET/o/$(encoded "$name")?alt=media")
        if [[ $status == 200 ]]; then
            cat "$work/verdict" && echo
            [[ $(field outcome "$work/verdict") == accepted ]]
            return
        fi
        sleep "$PAUSE"
    done
    die "no verdict at gs://$VERDICTS_BUCKET/$name within $PATIENCE s (the last answer was $status)"
}

[[ $# -ge 3 ]] || die "usage: publish.sh PUBLISHER RUN_ID FILE..."
: "${INCOMING_BUCKET:?}" "${VERDICTS_BUCKET:?}"
prefix=$1/$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
token=$(gcloud auth print-access-token)

# All are uploaded before the first is waited for.
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
    wait_for "$verdict" || failed=1
done
exit "$failed"
