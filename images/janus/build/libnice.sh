#!/bin/sh
# libnice without UPnP, which brings an HTTP client, an XML parser and ICU along (50 MB) and is not used.
set -eu
sh distribution-source.sh libnice
eval "$(dpkg-buildflags --export=sh)"
cd libnice
meson setup build \
	--prefix=/opt/janus \
	--libdir=lib \
	--buildtype=plain \
	-Dcrypto-library=openssl \
	-Dexamples=disabled \
	-Dgstreamer=disabled \
	-Dgtk_doc=disabled \
	-Dgupnp=disabled \
	-Dintrospection=disabled \
	-Dtests=disabled
meson install -C build --strip
rm -rf ../libnice ../libnice_*
