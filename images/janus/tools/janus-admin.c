// SPDX-License-Identifier: MIT
// Client of the gateway's admin socket: sends each line of standard input as one request and prints its answer.
//
//   docker exec -i GATEWAY janus-admin < requests.json
//
// Requests come by standard input and not as arguments, as most carry the admin secret.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_SIZE = 1 << 20, TIMEOUT_SECONDS = 5 };

static void fail(const char *what) {
	perror(what);
	exit(EXIT_FAILURE);
}

static int connect_to(const char *path) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if(strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "janus-admin: %s is too long for a socket's path.\n", path);
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

int main(int argc, char *argv[]) {
	int connection = connect_to(argc > 1 ? argv[1] : "/run/janus/admin.sock");
	char *answer = malloc(ANSWER_SIZE), *line = NULL;
	if(answer == NULL)
		fail("janus-admin");
	size_t capacity = 0;
	for(ssize_t length; (length = getline(&line, &capacity, stdin)) > 0; ) {
		if(send(connection, line, (size_t)length, MSG_NOSIGNAL) < 0)
			fail("The gateway does not take the request");
		ssize_t size = recv(connection, answer, ANSWER_SIZE, 0);
		if(size < 0)
			fail("The gateway does not answer");
		if(size == 0) {
			fprintf(stderr, "The gateway closed the admin socket.\n");
			return EXIT_FAILURE;
		}
		printf("%.*s\n", (int)size, answer);
	}
	free(line);
	free(answer);
	close(connection);
	return EXIT_SUCCESS;
}
