#!/bin/sh
# Runs a GoogleTest program and keeps what it printed beside its results: lit knows that a case was
# skipped, but the reason stands in the output alone.
case "$*" in *--gtest_list_tests*) exec "$@" ;; esac
log=${GTEST_OUTPUT#json:}.log
"$@" >"$log" 2>&1
status=$?
cat "$log"
exit $status
