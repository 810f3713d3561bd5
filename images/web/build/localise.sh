#!/bin/sh
# Makes the folder $1 from the folder demos: the pages that work on our gateway, with nothing fetched from elsewhere.
#
# Kept are the pages of the plugins that the gateway has, echotest and streaming; the others' pages go, and with them
# their entries in the menus.
set -eu
pages='index demos navbar footer echotest devicetest canvas e2etest multiopus webaudio streamingtest'
mkdir -p "$1"
cd demos
for page in $pages; do
	for file in "$page.html" "$page.js"; do
		if [ -e "$file" ]; then cp "$file" "$1/"; fi
	done
done
for file in css surround janus.js settings.js favicon.ico *.png; do
	if [ -e "$file" ]; then cp -R "$file" "$1/"; fi
done

cd "$1"
perl -0777 -pi -e '
	# Third-party files lie in vendor/js and vendor/css, whichever address and version the page names.
	s{(src|href)="(?:https?:/|javascript|fonts)/[^"]*/([^"/]+?)(?:\.min)?\.(js|css)"}{$1="vendor/$3/$2.$3"}g;
	s{vendor/js/janus\.js}{janus.js}g;
	# A ribbon that is loaded from another server.
	s{<a [^>]*><img [^>]*src="https?:[^>]*></a>\s*}{}g;
	# Entries of pages that are not here: in the menu, in the index, in the text.
	s{<!--.*?-->}{}gs;
	s{\s*<li><a href="([\w.]+)">[^<]*</a></li>}{-e $1 ? $& : ""}ge;
	s{\s*<tr>\s*<td><a href="([\w.]+)">.*?</tr>}{-e $1 ? $& : ""}gse;
	s{<a [^>]*href="([\w.]+)"[^>]*>(.*?)</a>}{-e $1 ? $& : $2}gse;
	s{(\s*<li class="divider"></li>)+(?=\s*(<li class="divider">|</ul>))}{}g;
' ./*.html
perl -0777 -pi -e '
	# The API is on the origin of the page.
	s{var server = null;\nif\(window.*?/janus";\n.*?/janus";\n}{var server = "/janus";\n}s;
	# The gateway is reached directly: no STUN server of somebody else is asked.
	s{\[\{\s*urls: "stun:[^"]*"\s*\}\]}{[]};
' ./*.js

# A page that would not work shall not get into the image.
perl -0777 -ne '
	for (m{(?:src|href)="([^"#]+)"}g) {
		die "$ARGV needs $_, which is not in the demos.\n" unless m{^https?://} || -e;
	}
	die "$ARGV loads from another server.\n" if m{<(?:script|link|img)[^>]*"https?://};
' ./*.html
perl -0777 -ne '
	die "$ARGV still names another address of the API or of a STUN server.\n" if m{:808[89]/janus"\s*;|"stun:}
' ./*.js
