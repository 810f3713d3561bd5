// SPDX-License-Identifier: MIT
// Client of the gateway's admin socket: sends each line of standard input as one request and prints its answer.
//
//   docker exec -i GATEWAY janus-admin < requests.json
//
// Requests come by standard input and not as arguments, as most carry the admin secret.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin-socket.h"

int main(int argc, char *argv[]) {
	int connection = admin_connect(argc > 1 ? argv[1] : ADMIN_SOCKET);
	char *answer = malloc(ANSWER_SIZE), *line = NULL;
	if(answer == NULL)
		fail("janus-admin");
	size_t capacity = 0;
	for(ssize_t length; (length = getline(&line, &capacity, stdin)) > 0; ) {
		size_t size = admin_ask(connection, line, (size_t)length, answer);
		printf("%.*s\n", (int)size, answer);
	}
	free(line);
	free(answer);
	close(connection);
	return EXIT_SUCCESS;
}
