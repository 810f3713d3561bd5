#!/bin/sh
# Runs in a container of the base image: writes the packages of the engine, with all that a bare installation lacks and
# an index of them, to standard output as a tar.
set -eu
exec 3>&1 1>&2
mkdir -p /packages/partial
cd /packages
apt-get -qq update
apt-get -qq --yes --no-install-recommends -o APT::Sandbox::User=root -o Dir::Cache::archives=/packages \
	install --download-only docker.io iptables
rm -rf partial lock
for package in *.deb; do
	dpkg-deb --field "$package"
	printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$package" "$(stat --format %s "$package")" \
		"$(sha256sum "$package" | cut -c -64)"
done > Packages
tar --create . >&3
