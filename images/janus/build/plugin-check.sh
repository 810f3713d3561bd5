#!/bin/sh
# Makes plugin-check (tools/plugin-check.c) for the gateway in /opt/janus.
set -eu
eval "$(dpkg-buildflags --export=sh)"
. /build/sanitizers.sh
janus=/opt/janus/bin/janus
# What the gateway would bring along: its libraries, and in place of all that it exports itself functions that do nothing,
# and zeros.
libraries=$(objdump --private-headers $janus | sed -n 's/^ *NEEDED *\(.*\)/-l:\1/p')
nm --dynamic --defined-only $janus \
	| grep -vE ' (main|data_start|_.*)$' \
	| sed -n \
		-e 's/^[0-9a-f]* [TW] \([A-Za-z0-9_]*\)$/int \1(void) { return 0; }/p' \
		-e 's/^[0-9a-f]* [BDRV] \([A-Za-z0-9_]*\)$/char \1[4096];/p' > symbols.c
gcc -std=gnu11 -w -fno-builtin $CFLAGS $LDFLAGS -rdynamic \
	-I/opt/janus/include/janus $(pkg-config --cflags glib-2.0 jansson) \
	-o plugin-check tools/plugin-check.c symbols.c -L/opt/janus/lib -Wl,--no-as-needed $libraries
