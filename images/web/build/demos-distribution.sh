#!/bin/sh
# Unpacks the demo pages of the distribution's Janus, with the janus.js they need, into the folder demos.
set -eu
apt-get update
apt-get download janus-demos libjs-janus-gateway
for package in *.deb; do
	dpkg-deb --extract "$package" unpacked
done
cp -R unpacked/usr/share/janus/demos demos
cp unpacked/usr/share/javascript/janus-gateway/janus.js demos/

# The distribution leaves it to whoever installs the pages to set the variables that they read.
cat > demos/settings.js <<'EOF'
var server = "/janus";
var iceServers = [];
var token, apisecret;
EOF
