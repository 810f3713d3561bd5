#!/bin/sh
# libsrtp with OpenSSL, which encrypts a packet in less than a quarter of the time that NSS takes, the distribution's
# choice (docs/performance.md).
set -eu
sh distribution-source.sh libsrtp2
eval "$(dpkg-buildflags --export=sh)"
cd libsrtp2
meson setup build \
	--prefix=/opt/janus \
	--libdir=lib \
	--buildtype=plain \
	-Dcrypto-library=openssl \
	-Ddoc=disabled \
	-Dpcap-tests=disabled \
	-Dtests=disabled
meson install -C build --strip
rm -rf ../libsrtp2 ../libsrtp2_*
