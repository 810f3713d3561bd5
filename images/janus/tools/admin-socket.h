// SPDX-License-Identifier: MIT
// The gateway's admin socket: one request at a time, each with one answer.
#ifndef ADMIN_SOCKET_H
#define ADMIN_SOCKET_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define ADMIN_SOCKET "/run/janus/admin.sock"

enum { ANSWER_SIZE = 1 << 20, TIMEOUT_SECONDS = 5 };

static inline void fail(const char *what) {
	perror(what);
	exit(EXIT_FAILURE);
}

// What cannot go on ends the program, with a sentence.
static inline int admin_connect(const char *path) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if(strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "%s is too long for a socket's path.\n", path);
		exit(EXIT_FAILURE);
	}
	strcpy(address.sun_path, path);
	// Janus's own choice: keeps the borders between messages, so that each answer is one read.
	int connection = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	struct timeval timeout = { .tv_sec = TIMEOUT_SECONDS };
	if(connection < 0
			|| setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0
			|| connect(connection, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail(path);
	return connection;
}

// The answer's size; `answer` has room for ANSWER_SIZE bytes.
static inline size_t admin_ask(int connection, const char *request, size_t length, char *answer) {
	if(send(connection, request, length, MSG_NOSIGNAL) < 0)
		fail("The gateway does not take the request");
	ssize_t size = recv(connection, answer, ANSWER_SIZE, 0);
	if(size < 0)
		fail("The gateway does not answer");
	if(size == 0) {
		fprintf(stderr, "The gateway closed the admin socket.\n");
		exit(EXIT_FAILURE);
	}
	return (size_t)size;
}

#endif
