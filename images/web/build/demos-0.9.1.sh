#!/bin/sh
# Unpacks the demo pages of Janus 0.9.1 into the folder demos.
set -eu
mkdir demos
tar -xzf janus-gateway-0.9.1.tar.gz -C demos --strip-components=2 janus-gateway-0.9.1/html
