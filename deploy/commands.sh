# Functions that install and uninstall share; sourced, not executed.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
GCP_PROJECT="" REGION="" DRY_RUN="" FOUND=""
CONFIGURATION="$ROOT/deploy/terraform"

# Run a command; with --dry-run print it, quoted for a shell.
run() {
    if [[ -n $DRY_RUN ]]; then
        local line
        printf -v line ' %q' "$@"
        printf '%s\n' "${line# }"
    else
        "$@"
    fi
}

# Ask Google Cloud for a list: store it in FOUND, and succeed if it is not empty. With --dry-run
# assume an empty list. If gcloud fails, it prints its error and the script ends.
find_any() {
    if [[ -n $DRY_RUN ]]; then
        run "$@"
        return 1
    fi
    FOUND=$("$@") || exit
    [[ -n $FOUND ]]
}

print_step() {
    printf '\n# %s\n' "$*"
}

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 2
}

# Print the value of an option.
value() {
    [[ $# -ge 2 && -n $2 ]] || die "$1 needs a value"
    printf '%s' "$2"
}

# Check that --project and --region are valid and that the given tools are installed.
check_place() {
    [[ $GCP_PROJECT =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] || die "--project needs the ID of a Google Cloud project"
    [[ $REGION =~ ^[a-z]+-[a-z]+[0-9]+$ ]] || die "--region needs a region, for example europe-west1"
    local tool
    [[ -z $DRY_RUN ]] || return 0
    for tool in "$@"; do
        command -v "$tool" >/dev/null || die "$tool is not installed"
    done
}

# Check the sign-in of both tools now, so that a script does not fail half-way.
check_sign_in() {
    [[ -z $DRY_RUN ]] || return 0
    gcloud auth print-access-token >/dev/null 2>&1 \
        || die "gcloud is not signed in: run gcloud auth login"
    gcloud auth application-default print-access-token >/dev/null 2>&1 \
        || die "Terraform cannot sign in: run gcloud auth application-default login"
}

# Names that Terraform defines; the scripts need them when Terraform has no state.
state_bucket() { printf '%s-gcpypi-terraform' "$GCP_PROJECT"; }
incoming_bucket() { printf '%s-gcpypi-incoming' "$GCP_PROJECT"; }
builds_bucket() { printf '%s-gcpypi-builds' "$GCP_PROJECT"; }
images() { printf '%s-docker.pkg.dev/%s/gcpypi' "$REGION" "$GCP_PROJECT"; }
builder() { printf 'projects/%s/serviceAccounts/gcpypi-builder@%s.iam.gserviceaccount.com' "$GCP_PROJECT" "$GCP_PROJECT"; }

# Check for the bucket of Terraform's state, which deploy/install creates before anything else.
is_installed() {
    find_any gcloud storage buckets list "--project=$GCP_PROJECT" "--filter=name=$(state_bucket)" '--format=value(name)'
}

terraform_in() {
    run terraform "-chdir=$CONFIGURATION" "$@"
}

terraform_init() {
    terraform_in init -input=false -reconfigure "-backend-config=bucket=$(state_bucket)"
}

# Compare --project and --region with the installation. In another region Terraform would replace every
# resource, with its data.
check_installed_place() {
    local location
    local describe=(gcloud storage buckets describe "gs://$(state_bucket)" '--format=value(location)')
    if [[ -n $DRY_RUN ]]; then
        run "${describe[@]}"
        terraform_in state pull
        return
    fi
    location=$("${describe[@]}") || exit
    terraform_in state pull | python3 "$ROOT/deploy/protection.py" place \
        "--project=$GCP_PROJECT" "--region=$REGION" "--state-bucket-location=$location" || exit
}

# Rename module.publishers of releases before 0.2.0 in Terraform's state. moved.tf does the same, but
# Terraform refuses -target options that exclude resources with a pending move. Remove it in 0.3.0.
rename_uploaders() {
    [[ -z $DRY_RUN ]] || return 0
    local state
    state=$(terraform_in state pull) || exit
    [[ $state != *'"module": "module.publishers"'* ]] \
        || terraform_in state mv module.publishers module.uploaders
}
