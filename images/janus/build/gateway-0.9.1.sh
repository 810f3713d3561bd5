#!/bin/sh
# Janus 0.9.1 from the upstream archive: the gateway with two transports and two plugins of its own.
set -eu
tar -xzf janus-gateway-0.9.1.tar.gz
cd janus-gateway-0.9.1
for patch in ../patches/*.patch; do
	patch -p1 < "$patch"
done
sh autogen.sh
eval "$(dpkg-buildflags --export=sh)"
. ../sanitizers.sh
# -fcommon: its headers define a variable in every file that includes them.
./configure \
	CFLAGS="$CFLAGS -fcommon" \
	CPPFLAGS="$CPPFLAGS -I/opt/janus/include" \
	LDFLAGS="$LDFLAGS -L/opt/janus/lib" \
	--prefix=/opt/janus \
	--disable-docs \
	--disable-data-channels \
	--disable-turn-rest-api \
	--disable-all-transports \
	--enable-rest \
	--enable-unix-sockets \
	--disable-all-plugins \
	--enable-plugin-echotest \
	--enable-plugin-streaming \
	--disable-all-handlers \
	--disable-all-loggers
make -j"$(nproc)"
make $install
rm -rf ../janus-gateway-0.9.1
