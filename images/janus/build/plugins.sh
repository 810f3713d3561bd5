#!/bin/sh
# Builds every plugin of janus-plugins/ against the gateway in /opt/janus and installs it there.
set -eu
ldconfig /opt/janus/lib
for plugin in janus-plugins/*/; do
	(
		cd "$plugin"
		eval "$(dpkg-buildflags --export=sh)"
		. /build/sanitizers.sh
		./bootstrap
		./configure --with-janus=/opt/janus LIBDIR=/opt/janus/lib
		make -j"$(nproc)"
		make $install
	)
done
