# What install and uninstall have in common; sourced, not run.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
PROJECT="" REGION="" DRY_RUN="" FOUND=""

# Run a command, or with --dry-run print it, quoted so that it could be pasted.
run() {
    if [[ -n $DRY_RUN ]]; then
        local line
        printf -v line ' %q' "$@"
        printf '%s\n' "${line# }"
    else
        "$@"
    fi
}

# Ask Google Cloud for a list, whether there is anything in it, and what (FOUND); with --dry-run
# assume "no". An error is no answer: gcloud says what is wrong, and the script ends.
lists() {
    if [[ -n $DRY_RUN ]]; then
        run "$@"
        return 1
    fi
    FOUND=$("$@") || exit
    [[ -n $FOUND ]]
}

step() {
    printf '\n# %s\n' "$*"
}

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 2
}

# The value that follows an option.
value() {
    [[ $# -ge 2 && -n $2 ]] || die "$1 needs a value"
    printf '%s' "$2"
}

# Whether project and region are named, and the tools are there that are about to be run.
check_place() {
    [[ $PROJECT =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] || die "--project needs the id of a project"
    [[ $REGION =~ ^[a-z]+-[a-z]+[0-9]+$ ]] || die "--region needs a region, as europe-west1"
    local tool
    [[ -z $DRY_RUN ]] || return 0
    for tool in "$@"; do
        command -v "$tool" >/dev/null || die "$tool is not installed"
    done
}

# Whether the tools may act for somebody: found out now, and not when half of it is done.
check_sign_in() {
    [[ -z $DRY_RUN ]] || return 0
    gcloud auth print-access-token >/dev/null 2>&1 \
        || die "gcloud is not signed in: gcloud auth login"
    gcloud auth application-default print-access-token >/dev/null 2>&1 \
        || die "Terraform could not sign in: gcloud auth application-default login"
}

# Names that Terraform gives, needed before (or after) there is anything to ask Terraform about.
state_bucket() { printf '%s-gcpypi-terraform' "$PROJECT"; }
builds_bucket() { printf '%s-gcpypi-builds' "$PROJECT"; }
images() { printf '%s-docker.pkg.dev/%s/gcpypi' "$REGION" "$PROJECT"; }
builder() { printf 'projects/%s/serviceAccounts/gcpypi-builder@%s.iam.gserviceaccount.com' "$PROJECT" "$PROJECT"; }

# Whether Terraform remembers anything: deploy/install makes the bucket before all else.
is_installed() {
    lists gcloud storage buckets list "--project=$PROJECT" "--filter=name=$(state_bucket)" '--format=value(name)'
}

terraform_in() {
    run terraform "-chdir=$ROOT/deploy/terraform" "$@"
}

terraform_init() {
    terraform_in init -input=false -reconfigure "-backend-config=bucket=$(state_bucket)"
}
