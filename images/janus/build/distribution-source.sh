#!/bin/sh
# Unpacks the distribution's source of package $1, with its security patches, into the folder $1.
set -eu

# Sources are listed one a line on some base images, and in stanzas on others.
if [ -e /etc/apt/sources.list.d/debian.sources ]; then
	sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources
else
	sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > /etc/apt/sources.list.d/source.list
fi
apt-get update
apt-get source "$1"
rm -rf /var/lib/apt/lists/*
mv "$1"-*/ "$1"

# For who has to name or to give out the sources of what runs.
mkdir -p /opt/janus
echo "$1 $(dpkg-parsechangelog --file "$1/debian/changelog" --show-field Version)" >> /opt/janus/built-sources
