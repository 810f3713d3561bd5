// SPDX-License-Identifier: MIT
// Prints what the gateway does, read from its admin API, in the text format of Prometheus.
//
// The core counts the NACKs of a handle only as long as there is the handle. What each had at the last look is kept
// in a file, so that their sum only grows; the last ones of a handle that has gone since are not in it.
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin-socket.h"

static const char configuration[] = "/config/current/janus.jcfg", memory[] = "/tmp/janus-metrics",
	play_plugin[] = "janus.plugin.tms.play";
static const char *const states[] = { "ready", "going", "paused" };
enum { STATES = sizeof(states) / sizeof(states[0]) };

static int connection;
static char secret[256], *buffer;

static void read_secret(void) {
	FILE *file = fopen(configuration, "r");
	char line[1024];
	while(file != NULL && fgets(line, sizeof(line), file) != NULL && sscanf(line, " admin_secret = \"%255[^\"]", secret) != 1)
		;
	if(*secret == '\0') {
		fprintf(stderr, "janus-metrics: %s has no admin_secret.\n", configuration);
		exit(EXIT_FAILURE);
	}
	fclose(file);
}

// Takes over the request and gives the answer, which is the caller's.
static json_t *ask(json_t *request) {
	json_object_set_new(request, "admin_secret", json_string(secret));
	json_object_set_new(request, "transaction", json_string("metrics"));
	char *text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	size_t size = admin_ask(connection, text, strlen(text), buffer);
	free(text);
	json_t *answer = json_loadb(buffer, size, 0, NULL);
	if(answer == NULL) {
		fprintf(stderr, "janus-metrics: the gateway's answer is no JSON.\n");
		exit(EXIT_FAILURE);
	}
	return answer;
}

// A handle's NACKs.
struct seen {
	json_int_t handle, nacks;
};

static struct {
	struct seen *list;
	size_t count;
} before, now;
static json_int_t nacks_total;

static void remember(json_int_t handle, json_int_t nacks) {
	now.list = realloc(now.list, (now.count + 1) * sizeof(*now.list));
	if(now.list == NULL)
		fail("janus-metrics");
	now.list[now.count++] = (struct seen){ handle, nacks };
}

static void recall(void) {
	FILE *file = fopen(memory, "r");
	if(file == NULL)
		return;
	json_int_t handle, nacks;
	if(fscanf(file, "%" JSON_INTEGER_FORMAT, &nacks_total) == 1)
		while(fscanf(file, "%" JSON_INTEGER_FORMAT " %" JSON_INTEGER_FORMAT, &handle, &nacks) == 2)
			remember(handle, nacks);
	fclose(file);
	before.list = now.list;
	before.count = now.count;
	now.list = NULL;
	now.count = 0;
}

static void keep(void) {
	FILE *file = fopen(memory, "w");
	if(file == NULL)
		fail(memory);
	fprintf(file, "%" JSON_INTEGER_FORMAT "\n", nacks_total);
	for(size_t i = 0; i < now.count; i++)
		fprintf(file, "%" JSON_INTEGER_FORMAT " %" JSON_INTEGER_FORMAT "\n", now.list[i].handle, now.list[i].nacks);
	fclose(file);
}

// The sum of what the viewer has sent, wherever a version of Janus has it: below in_stats (0.9.1) or stats.in (1.x).
static json_int_t nacks_received(json_t *value, bool received) {
	json_int_t sum = 0;
	const char *key;
	json_t *member;
	size_t index;
	json_object_foreach(value, key, member) {
		if(received && json_is_integer(member) && strlen(key) >= 5 && strcmp(key + strlen(key) - 5, "nacks") == 0)
			sum += json_integer_value(member);
		else
			sum += nacks_received(member, received || strcmp(key, "in_stats") == 0 || strcmp(key, "in") == 0);
	}
	json_array_foreach(value, index, member)
		sum += nacks_received(member, received);
	return sum;
}

static void count_nacks(json_int_t handle, json_int_t nacks) {
	json_int_t known = 0;
	for(size_t i = 0; i < before.count; i++)
		if(before.list[i].handle == handle)
			known = before.list[i].nacks;
	// A new PeerConnection of the handle begins again.
	nacks_total += nacks >= known ? nacks - known : nacks;
	remember(handle, nacks);
}

// Of one handle; one that has ended meanwhile has no info.
static void look_at(json_int_t session, json_int_t handle, unsigned viewers[STATES]) {
	json_t *answer = ask(json_pack("{s:s, s:I, s:I}", "janus", "handle_info", "session_id", session, "handle_id", handle));
	json_t *info = json_object_get(answer, "info");
	const char *plugin = json_string_value(json_object_get(info, "plugin"));
	if(plugin != NULL && strcmp(plugin, play_plugin) == 0) {
		const char *state = json_string_value(json_object_get(json_object_get(info, "plugin_specific"), "state"));
		for(size_t i = 0; state != NULL && i < STATES; i++)
			viewers[i] += strcmp(state, states[i]) == 0;
		count_nacks(handle, nacks_received(info, false));
	}
	json_decref(answer);
}

static void print_head(const char *name, const char *type, const char *help) {
	printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_server(void) {
	json_t *info = ask(json_pack("{s:s}", "janus", "info"));
	print_head("janus_info", "gauge", "The gateway's version.");
	printf("janus_info{version=\"%s\"} 1\n", json_string_value(json_object_get(info, "version_string")));
	print_head("janus_accepting_sessions", "gauge", "Whether new sessions are taken; 0 while the gateway drains.");
	printf("janus_accepting_sessions %d\n", json_is_true(json_object_get(info, "accepting-new-sessions")));
	json_decref(info);
}

static void print_sessions(void) {
	json_t *answer = ask(json_pack("{s:s}", "janus", "list_sessions")), *sessions = json_object_get(answer, "sessions");
	unsigned viewers[STATES] = { 0 };
	size_t i, j;
	json_t *session, *handle;
	json_array_foreach(sessions, i, session) {
		json_int_t id = json_integer_value(session);
		json_t *listed = ask(json_pack("{s:s, s:I}", "janus", "list_handles", "session_id", id));
		json_array_foreach(json_object_get(listed, "handles"), j, handle)
			look_at(id, json_integer_value(handle), viewers);
		json_decref(listed);
	}
	print_head("janus_sessions", "gauge", "Sessions of the API.");
	printf("janus_sessions %zu\n", json_array_size(sessions));
	print_head("janus_viewers", "gauge", "Viewers by what they do: nothing is played (ready), a play is going or paused.");
	for(i = 0; i < STATES; i++)
		printf("janus_viewers{state=\"%s\"} %u\n", states[i], viewers[i]);
	print_head("janus_nacks_total", "counter", "Packets that viewers asked for again (NACK).");
	printf("janus_nacks_total %" JSON_INTEGER_FORMAT "\n", nacks_total);
	json_decref(answer);
}

static void print_plugin(void) {
	json_t *answer = ask(json_pack("{s:s, s:s, s:{}}", "janus", "message_plugin", "plugin", play_plugin, "request"));
	const char *text = json_string_value(json_object_get(json_object_get(answer, "response"), "metrics"));
	if(text != NULL)
		fputs(text, stdout);
	json_decref(answer);
}

int main(void) {
	read_secret();
	connection = admin_connect(ADMIN_SOCKET);
	buffer = malloc(ANSWER_SIZE);
	if(buffer == NULL)
		fail("janus-metrics");
	recall();
	print_server();
	print_sessions();
	print_plugin();
	keep();
	free(before.list);
	free(now.list);
	free(buffer);
	close(connection);
	return EXIT_SUCCESS;
}
