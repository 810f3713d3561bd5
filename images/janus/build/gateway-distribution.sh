#!/bin/sh
# The distribution's Janus, laid out below /opt/janus as our own build of it is.
set -eu
apt-get update
apt-get install --yes --no-install-recommends janus janus-dev
apt-get download janus-demos
rm -rf /var/lib/apt/lists/*
dpkg-deb --extract janus-demos_*.deb janus-demos

folders=$(echo /usr/lib/*/janus)
mkdir -p /opt/janus/bin /opt/janus/include /opt/janus/share/janus /opt/janus/lib/janus/plugins \
	/opt/janus/lib/janus/transports
cp /usr/bin/janus /opt/janus/bin/
cp -R /usr/include/janus /opt/janus/include/
cp -R janus-demos/usr/share/janus/streams /opt/janus/share/janus/
for plugin in echotest streaming; do
	cp "$folders"/plugins/libjanus_$plugin.so /opt/janus/lib/janus/plugins/
done
for transport in http pfunix; do
	cp "$folders"/transports/libjanus_$transport.so /opt/janus/lib/janus/transports/
done

# Its gateway looks for transports in the distribution's folder.
mkdir -p "/runtime$(dirname "$folders")"
ln -s /opt/janus/lib/janus "/runtime$folders"
