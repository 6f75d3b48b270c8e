#!/usr/bin/env bash
# Fallback for a CI without Python: publish one file with curl and gcloud, and print its verdict.
# It needs INCOMING_BUCKET and VERDICTS_BUCKET. A retry needs a new RUN_ID.
set -euo pipefail
[[ $# == 3 ]] || { echo "usage: publish.sh UPLOADER RUN_ID FILE" >&2 && exit 2; }
: "${INCOMING_BUCKET:?}" "${VERDICTS_BUCKET:?}"
storage=${STORAGE_URL:-${STORAGE_EMULATOR_HOST:-https://storage.googleapis.com}}
token=local
[[ -n ${STORAGE_EMULATOR_HOST:-} ]] || token=$(gcloud auth print-access-token)
name=$(printf '%s' "$1/$2/$(basename "$3")" | sed 's/%/%25/g; s|/|%2F|g; s/+/%2B/g; s/!/%21/g')
request() { # the token is in a file, so that it is not visible in the list of processes
    curl --silent --show-error --fail --header @<(printf 'Authorization: Bearer %s\n' "$token") "$@"
}
digest=$(sha256sum "$3" | cut -d ' ' -f 1)
session=$(request --dump-header - --output /dev/null \
    --header 'Content-Type: application/json' --data "{\"metadata\":{\"sha256\":\"$digest\"}}" \
    "$storage/upload/storage/v1/b/$INCOMING_BUCKET/o?uploadType=resumable&ifGenerationMatch=0&name=$name" |
    tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
generation=$(request --upload-file "$3" "$session" | tr -d '\n' | sed 's/.*"generation": *"\([0-9]*\)".*/\1/')
for ((round = 0; round < 200; round++)); do # an absent verdict is 403: an uploader may not list
    if verdict=$(request "$storage/storage/v1/b/$VERDICTS_BUCKET/o/$name%2F$generation.json?alt=media" 2>/dev/null); then
        printf '%s\n' "$verdict"
        [[ $verdict =~ \"outcome\":\ ?\"accepted\" ]] && exit
        exit 1
    fi
    sleep "${VERDICT_PAUSE:-3}"
done
echo "publish.sh: no verdict on $1/$2/$(basename "$3")" >&2 && exit 3
