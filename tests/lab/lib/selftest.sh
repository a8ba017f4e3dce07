# shellcheck shell=bash
# What the tests of the lab share. Their instances lie apart from all others, in `work`.

LAB=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../lab
work=$(mktemp -d)
chmod 755 "$work"
export SWITCHOVER_LAB_RUN=$work
run=$work/switchover-lab-$(id -u)
passed=0 failed=0 skipped=0
around=() # the command that `fails_with` runs the lab in
trap '"$LAB" down --all --purge; rm -rf "$work"' EXIT

check() { # LABEL COMMAND...
  local label=$1
  shift
  if "$@"; then passed=$((passed + 1)) && printf 'ok   %s\n' "$label"; else failed=$((failed + 1)) && printf 'FAIL %s\n' "$label"; fi
}

# fails_with CODE PATTERN ARGS...: lab ends with the code, says the pattern on stderr and nothing on stdout.
fails_with() {
  local code=$1 pattern=$2 got
  shift 2
  "${around[@]}" "$LAB" "$@" >"$work/out" 2>"$work/err"
  got=$?
  [ $got = "$code" ] && grep -q -- "$pattern" "$work/err" && [ ! -s "$work/out" ] && return
  printf 'exit %s, stdout: %s\nstderr: %s\n' $got "$(cat "$work/out")" "$(cat "$work/err")"
  return 1
}

field() { jq -r ".$1" <<<"$2"; }
equal() { [ "$1" = "$2" ] || { printf "'%s' is not '%s'\n" "$1" "$2" && return 1; }; }
differ() { [ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ]; }
servers() { pgrep -f "$run/" | wc -l; }

# summary: the last line; its result is that of the test.
summary() {
  printf '%s passed, %s failed, %s skipped\n' $passed $failed $skipped
  [ $failed = 0 ]
}
