#!/bin/sh
# globals.sh LIBRARY: no object in it has writable data. What is constant after relocation
# (tables of function pointers) is not writable.

set -u
objdump -h "$1" | awk '
/file format/ { object = $1; sub(/:$/, "", object) }
$2 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $2 !~ /^\.data\.rel\.ro/ && $3 !~ /^0+$/ {
	print object ": writable data (" $2 ", 0x" $3 " bytes)"
	failed = 1
}
END { exit failed }
'
