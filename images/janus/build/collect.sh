#!/bin/sh
# Collects what the gateway needs to run below $1, but its plugins, with the list of the packages whose libraries it and
# they are linked to.
set -eu
prefix=$1/opt/janus
mkdir -p "$prefix/bin" "$prefix/lib/janus" "$prefix/share/janus/streams"
cp /opt/janus/bin/janus "$prefix/bin/"
cp -P /opt/janus/lib/*.so.* "$prefix/lib/"
cp -R /opt/janus/lib/janus/transports "$prefix/lib/janus/"
cp /opt/janus/built-sources "$prefix/"
cp /opt/janus/share/janus/streams/music.mulaw "$prefix/share/janus/streams/"
find "$prefix" /opt/janus/lib/janus/plugins -name '*.la' -delete

ldconfig /opt/janus/lib
find "$prefix" /opt/janus/lib/janus/plugins -type f \( -name janus -o -name '*.so*' \) -exec ldd {} + \
	| sed -n 's|.* => \(/.*\)/\(.*\) (.*|\1 \2|p' \
	| sed -n '/^\/opt\/janus/!s|.* |*/|p' \
	| sort --unique \
	| xargs dpkg-query --search \
	| sed 's/:.*//' \
	| sort --unique > "$prefix/runtime-packages"
