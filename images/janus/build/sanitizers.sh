# To be sourced, after the flags of dpkg-buildflags: adds the sanitizers that SANITIZE names, as gcc's -fsanitize takes
# them; none if it is empty. Then a finding ends the gateway, and what is read before it was written is a pattern that
# no right answer has.
install=install-strip
if [ -n "$SANITIZE" ]; then
	install=install
	# RTP headers lie wherever they came in.
	CFLAGS="$CFLAGS -U_FORTIFY_SOURCE -fsanitize=$SANITIZE -fno-sanitize-recover=all -fno-sanitize=alignment"
	CFLAGS="$CFLAGS -ftrivial-auto-var-init=pattern -fno-omit-frame-pointer"
	LDFLAGS="$LDFLAGS -fsanitize=$SANITIZE"
fi
