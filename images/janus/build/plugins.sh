#!/bin/sh
# Builds every plugin of janus-plugins/ against the gateway in /opt/janus, installs it there and checks it. /cache keeps
# what was compiled from one build to the next: make compiles again what has changed.
set -eu
sources=/build/janus-plugins
ldconfig /opt/janus/lib

# Whatever else objects are made from: compiler and libraries, the gateway's headers, this recipe.
against=$(
	{
		dpkg-query --show
		cat /build/*.sh
		echo "$SANITIZE"
		find /opt/janus/include -type f | sort | xargs cat
	} | sha256sum
)

# For a debugger, which finds them by the build's id: what is stripped of the libraries that were built here.
keep_symbols() {
	find . -path '*/.libs/*.so' -type f | while read -r library; do
		id=$(readelf --notes "$library" | sed -n 's/^ *Build ID: //p')
		folder=/opt/janus/debug/$(echo "$id" | cut -c 1-2)
		mkdir -p "$folder"
		objcopy --only-keep-debug "$library" "$folder/$(echo "$id" | cut -c 3-).debug"
	done
}

for plugin in "$sources"/*/; do
	name=$(basename "$plugin")
	(
		cd "$plugin"
		files=$(find . -type f | sort)
		# Another list of files, or another configure, begins anew.
		key=$({ echo "$name $against $files"; find . -maxdepth 1 -type f | sort | xargs cat; } | sha256sum | cut -c 1-16)
		work=/cache/$name-$key
		# A build that was killed may have left half an object.
		[ ! -e "$work/.unfinished" ] || rm -rf "$work"
		mkdir -p "$work"
		touch "$work/.unfinished"
		# Times mean nothing here but to make, so what is the same keeps its own.
		for file in $files; do
			if ! cmp --silent "$file" "$work/$file"; then
				mkdir -p "$work/$(dirname "$file")"
				cp "$file" "$work/$file"
			fi
		done
		cd "$work"
		eval "$(dpkg-buildflags --export=sh)"
		. /build/sanitizers.sh
		status=0
		{
			{ [ -e Makefile ] || { ./bootstrap && ./configure --with-janus=/opt/janus LIBDIR=/opt/janus/lib; }; } \
				&& make -j"$(nproc)" \
				&& make $install
		} || status=$?
		rm "$work/.unfinished"
		[ $status -eq 0 ] || exit $status
		keep_symbols
	)
done
find /cache -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +

# By this its core dumps are named.
cat /opt/janus/bin/janus /opt/janus/lib/janus/plugins/*.so | sha256sum | cut -c 1-16 > /opt/janus/lib/janus/plugins/build

# Nothing is told of what a gateway that ends would have to free.
ASAN_OPTIONS=detect_leaks=0 ./plugin-check /opt/janus/lib/janus/plugins/*.so
