#!/bin/sh
# run.sh [STEP...]: builds and runs the tests. Without a STEP, all of them in this order:
#
#   lint     tests/lint/run.sh
#   build    tests/build: what the Makefile and setup.sh promise
#   unit     every tests/unit/test_*.c, release
#   asan     the same under AddressSanitizer and UBSan
#   replay   every corpus file through its fuzz target, release and ASan
#   fuzz     each fuzz target for FUZZ_SECONDS (20), from FUZZ_SEED (1) on, so that the same code is
#            met by the same input here and there; 0 is another each time
#   tsan     unit tests that have threads and the marked end-to-end files under ThreadSanitizer
#   e2e      tests/e2e/*.test.mjs (or .js) against the release binary, the marked ones against ASan's
#
# An end-to-end file is marked for more variants by a line `/* variants: asan tsan */` in it. The
# binary to test is handed to it as $WEBSPLICE, the variant as $WEBSPLICE_VARIANT, the folder with
# the helper programs of tests/tools as $WEBSPLICE_TOOLS.
#
# The output of a test is shown only when it fails; all of it stays in build/check/. Everything
# has a time limit. The last line is "N passed, N failed"; the exit code is 0 when none failed.

set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
FUZZ_SECONDS=${FUZZ_SECONDS:-20}
FUZZ_SEED=${FUZZ_SEED:-1}
JOBS=${JOBS:-2}
logs=$BUILD/check
passed=0 failed=0 skipped=0
export ASAN_OPTIONS=handle_segv=2:handle_sigbus=2:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=second_deadlock_stack=1
[ ! -f tests/tsan.supp ] || TSAN_OPTIONS="$TSAN_OPTIONS suppressions='$PWD/tests/tsan.supp'"

# job NAME SECONDS COMMAND...: runs it; its output goes to NAME.log, its exit code to NAME.rc.
job() {
	name=$1 limit=$2
	shift 2
	timeout -k 5 "$limit" "$@" >"$logs/$name.log" 2>&1 </dev/null
	echo $? >"$logs/$name.rc"
}

# ThreadSanitizer wants its memory where it expects it.
fixed_addresses() {
	case $1 in
	tsan) setarch -R true 2>/dev/null && echo "setarch -R" ;;
	esac
}

# tests/e2e/browser/use.test.mjs: browser-use
e2e_name() {
	echo "$1" | sed 's|^tests/e2e/||; s|\.test\..*$||; s|/|-|g'
}

# The jobs xargs starts, several at a time: run.sh --unit VARIANT TEST and so on.
case ${1-} in
--unit)
	export CMOCKA_MESSAGE_OUTPUT=TAP
	# shellcheck disable=SC2046
	job "unit-$2-$3" 600 $(fixed_addresses "$2") "$BUILD/$2/unit/$3"
	exit 0
	;;
--replay)
	job "replay-$2-$3" 60 "$BUILD/$2/fuzz/fuzz_$3" "tests/fuzz/corpus/$3"
	exit 0
	;;
--e2e)
	# Each wait in it has its own deadline: the limit is there for a hang, and far above what a slow
	# and busy machine takes.
	# shellcheck disable=SC2046
	job "e2e-$2-$(e2e_name "$3")" 1200 $(fixed_addresses "$2") node --test-reporter=tap "$3"
	exit 0
	;;
--fuzz)
	# What it finds new stays under build/; crashes too, with their log.
	name=$3
	mkdir -p "$BUILD/$2/corpus/$name"
	set -- "$BUILD/$2/corpus/$name" "tests/fuzz/corpus/$name"
	[ ! -f "tests/fuzz/fuzz_$name.dict" ] || set -- "-dict=tests/fuzz/fuzz_$name.dict" "$@"
	job "fuzz-$name" $((FUZZ_SECONDS + 60)) "$BUILD/fuzz/fuzz/fuzz_$name" \
		-seed="$FUZZ_SEED" -max_total_time="$FUZZ_SECONDS" -timeout=30 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$logs/fuzz-$name-" "$@"
	exit 0
	;;
esac

say() {
	printf '%s\n' "$*"
}

show() {
	say "---- $1 (its last lines; all of it in $logs/$1.log)"
	tail -n "${2:-60}" "$logs/$1.log"
	say "----"
}

# Node's TAP: the failed tests alone.
show_node() {
	say "---- $1 (all of it in $logs/$1.log)"
	awk '/^ *not ok/ { left = 40 }
	left > 0 { print; left-- }
	/^ *\.\.\.$/ { left = 0 }' "$logs/$1.log" | head -n 400
	grep -q '^ *not ok' "$logs/$1.log" || tail -n 60 "$logs/$1.log"
	say "----"
}

# add NAME PASSED FAILED SKIPPED [SHOW]: into the totals; a failure shows its log.
add() {
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	if [ "$3" -gt 0 ]; then
		say "FAILED  $1: $2 passed, $3 failed"
		"${5:-show}" "$1"
	fi
}

count() {
	grep -cE "$1" "$2" || :
}

# One cmocka program's TAP. A crash, a time-out, or no test at all is a failure as well.
collect_tap() {
	log=$logs/$1.log rc=$(cat "$logs/$1.rc" 2>/dev/null || echo 99)
	s=$(count '^(not )?ok .*# SKIP' "$log")
	ok=$(grep '^ok ' "$log" | grep -vc '# SKIP')
	bad=$(grep '^not ok ' "$log" | grep -vc '# SKIP')
	if [ "$rc" -ne 0 ] && [ "$bad" -eq 0 ] || [ $((ok + bad + s)) -eq 0 ]; then
		say "$1 ended with $rc and named no failed test" >>"$log"
		bad=$((bad + 1))
	fi
	add "$1" "$ok" "$bad" "$s"
}

# A program that is one test: its exit code tells.
collect_rc() {
	if [ "$(cat "$logs/$1.rc" 2>/dev/null)" = 0 ]; then
		add "$1" 1 0 0
	else
		add "$1" 0 1 0
	fi
}

# build VARIANT TARGET...: a build that fails is one failure.
build() {
	variant=$1
	shift
	job "build-$variant" 900 make -j"$JOBS" ERR=1 BUILD="$BUILD" variant="$variant" "$@"
	[ "$(cat "$logs/build-$variant.rc")" = 0 ] && return 0
	add "build-$variant" 0 1 0
	return 1
}

names() {
	for file in "$1"/"$2"*.c; do
		[ -f "$file" ] || continue
		name=${file##*/}
		say "${name%.c}"
	done
}

fuzz_names() {
	names tests/fuzz fuzz_ | sed 's/^fuzz_//'
}

# each KIND VARIANT NAMES...: the jobs, $JOBS at a time, or $lanes.
each() {
	kind=$1 variant=$2
	shift 2
	[ $# -eq 0 ] || printf '%s\n' "$@" |
		xargs -P "${lanes:-$JOBS}" -I '{}' tests/run.sh "--$kind" "$variant" '{}'
}

# ThreadSanitizer looks for races: the tests that have threads, those of io/ and app/.
unit_names() {
	for name in $(names tests/unit test_); do
		[ "$1" != tsan ] || grep -qE '#include ("((io|app)/|(fake/)?real_loop)|<pthread)' "tests/unit/$name.c" || continue
		say "$name"
	done
}

run_units() {
	build "$1" units || return
	# shellcheck disable=SC2046
	each unit "$1" $(unit_names "$1")
	for name in $(unit_names "$1"); do
		collect_tap "unit-$1-$name"
	done
}

run_lint() {
	job lint 300 make -j"$JOBS" lint BUILD="$BUILD" ERR=1
	# shellcheck disable=SC2046 # two numbers
	set -- $(sed -n 's/^lint: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$logs/lint.log")
	add lint "${1:-0}" "${2:-1}" 0
}

# Test scripts that print TAP.
run_scripts() {
	for file in tests/build/test_*.sh; do
		name=${file##*/}
		job "${name%.sh}" 900 "$file"
		collect_tap "${name%.sh}"
	done
}

run_replay() {
	for variant in release asan; do
		build "$variant" fuzzers || continue
		# shellcheck disable=SC2046
		each replay "$variant" $(fuzz_names)
		for name in $(fuzz_names); do
			collect_rc "replay-$variant-$name"
		done
	done
}

run_fuzz() {
	build fuzz fuzzers || return
	lanes=$((JOBS * 4)) # each has its time; how much it gets done in it is no promise
	# shellcheck disable=SC2046
	each fuzz fuzz $(fuzz_names)
	lanes=
	for name in $(fuzz_names); do
		collect_rc "fuzz-$name"
	done
}

# e2e_files VARIANT: the longest first, so that none is left to run alone at the end; `node --test`
# would take them by their names. Browsers work and most others wait, so two of those follow each of
# these.
e2e_files() {
	find tests/e2e -name node_modules -prune -o -name '*.test.*js' -print |
		while read -r file; do
			[ "$1" = release ] || grep -qE "^(//|/\*) variants:.*\b$1\b" "$file" || continue
			say "$(wc -c <"$file") $file"
		done | sort -k 1,1nr -k 2 |
		awk '{ print ($2 ~ /\/browser\// ? 2 * b++ : o++), $2 }' | sort -n -s -k 1,1 | cut -d ' ' -f 2
}

# One file's TAP, by Node.
collect_node() {
	log=$logs/$1.log rc=$(cat "$logs/$1.rc" 2>/dev/null || echo 99)
	ok=$(sed -n 's/^# pass \([0-9]*\)$/\1/p' "$log")
	bad=$(sed -n 's/^# \(fail\|cancelled\) \([0-9]*\)$/\2/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
	left=$(sed -n 's/^# \(skipped\|todo\) \([0-9]*\)$/\2/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
	# Node does not count a suite that was skipped as a whole.
	[ $((${ok:-0} + bad + left)) -gt 0 ] || left=$(count '^ok .*# SKIP' "$log")
	if [ "$rc" -ne 0 ] && [ "$bad" -eq 0 ] || [ $((${ok:-0} + bad + left)) -eq 0 ]; then
		say "$1 ended with $rc and named no failed test" >>"$log"
		bad=$((bad + 1))
	fi
	add "$1" "${ok:-0}" "$bad" "$left" show_node
}

# run_node VARIANT: the end-to-end files for that variant, three at a time.
run_node() {
	files=$(e2e_files "$1")
	[ -n "$files" ] || return 0
	build "$1" "$BUILD/$1/websplice" tools || return
	export WEBSPLICE="$PWD/$BUILD/$1/websplice" WEBSPLICE_TOOLS="$PWD/$BUILD/$1/tools"
	export WEBSPLICE_VARIANT="$1"
	lanes=3
	# shellcheck disable=SC2086
	each e2e "$1" $files
	lanes=
	for file in $files; do
		collect_node "e2e-$1-$(e2e_name "$file")"
	done
}

run_step() {
	case $1 in
	lint) run_lint ;;
	build) run_scripts ;;
	unit) run_units release ;;
	asan) run_units asan ;;
	replay) run_replay ;;
	fuzz) run_fuzz ;;
	tsan) run_units tsan; run_node tsan ;;
	e2e) run_node release; run_node asan ;;
	*)
		say "run.sh: no step is called $1" >&2
		exit 2
		;;
	esac
}

rm -rf "$logs"
mkdir -p "$logs"
[ $# -gt 0 ] || set -- lint build unit asan replay fuzz tsan e2e
for step in "$@"; do
	before=$passed since=$(date +%s)
	run_step "$step"
	say "$step: $((passed - before)) passed, $(($(date +%s) - since)) s"
done
[ "$skipped" -eq 0 ] || say "$skipped skipped"
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
