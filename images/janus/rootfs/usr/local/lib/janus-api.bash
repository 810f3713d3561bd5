# For the scripts that talk to the gateway's HTTP API where its configuration says.
# (bash opens the connection itself: no HTTP client has to be in the image.)
setting() {
	sed -nE "s/^[[:space:]]*$1 = \"?([^\"]*)\"?$/\1/p" /config/current/janus.transport.http.jcfg | head -n 1
}
address=$(setting ip)
port=$(setting port)

# request METHOD PATH [BODY]: prints the answer, head and body.
request() {
	exec 3<> "/dev/tcp/${address:-127.0.0.1}/$port" || exit 1
	printf '%s %s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
		"$1" "$2" "${#3}" "$3" >&3
	cat <&3
}
