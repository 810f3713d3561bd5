#!/bin/sh
# FFmpeg's libraries with only what the play plugin opens: 2 MB instead of the distribution's 200 MB of codecs.
set -eu
sh distribution-source.sh ffmpeg
eval "$(dpkg-buildflags --export=sh)"
cd ffmpeg
./configure \
	--prefix=/opt/janus \
	--extra-cflags="$CFLAGS $CPPFLAGS" \
	--extra-ldflags="$LDFLAGS" \
	--enable-shared \
	--disable-static \
	--disable-autodetect \
	--disable-doc \
	--disable-everything \
	--disable-network \
	--disable-programs \
	--disable-avdevice \
	--disable-avfilter \
	--disable-postproc \
	--disable-swscale \
	--enable-protocol=file \
	--enable-demuxer=mov,mp3,wav,flac \
	--enable-parser=aac,flac,mpegaudio,opus \
	--enable-decoder='aac,flac,mp3*,opus,pcm_*'
make -j"$(nproc)"
make install
rm -rf ../ffmpeg ../ffmpeg_*
