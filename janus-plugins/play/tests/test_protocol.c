/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/playlist.c"
#include "../src/protocol.c"

#include "support/tap.h"

static struct command command;
static struct reason reason;

static enum protocol_verdict parse(const char *body_text, const char *jsep_text)
{
    static json_t *body, *jsep;

    json_decref(body);
    json_decref(jsep);
    body = json_loads(body_text, JSON_ALLOW_NUL, NULL);
    jsep = jsep_text ? json_loads(jsep_text, 0, NULL) : NULL;
    require(body != NULL, body_text);
    enum protocol_verdict verdict = protocol_parse(body, jsep, &command, &reason);
    if (verdict != PROTOCOL_UNDERSTOOD) {
        json_decref(body);
        json_decref(jsep);
        body = jsep = NULL;
    }
    return verdict;
}

static void understood(const char *body, const char *jsep, enum command_type type)
{
    check(parse(body, jsep) == PROTOCOL_UNDERSTOOD && command.type == type, "%s is understood", body);
}

static void answered(const char *body, const char *jsep, enum protocol_verdict verdict, const char *text)
{
    check(parse(body, jsep) == verdict, "%s is answered with %s", body,
          verdict == PROTOCOL_ERROR ? "an error" : "a refusal");
    check_text(reason.text, text, "which says why");
}

static void written(json_t *message, const char *expected, const char *name)
{
    char *text = json_dumps(message, JSON_COMPACT);

    check_text(text, expected, name);
    free(text);
    json_decref(message);
}

#define NAMES "ping, probe.file, request.offer, push.answer, ctrl.play, stop.play"
#define NEEDS_FILE " needs 'file', the name of a file in the media folder, as a string"
#define NEEDS_ANSWER "push.answer needs the answer to the offer as 'jsep': {type: \"answer\", sdp}"

static void test_requests(void)
{
    understood("{\"request\":\"ping\"}", NULL, COMMAND_PING);
    understood("{\"request\":\"request.offer\"}", NULL, COMMAND_OFFER);
    understood("{\"request\":\"stop.play\",\"more\":1}", NULL, COMMAND_STOP);
    understood("{\"request\":\"push.answer\"}", "{\"type\":\"answer\",\"sdp\":\"v=0\"}", COMMAND_ANSWER);
    check_text(command.sdp, "v=0", "with its SDP");
    understood("{\"request\":\"probe.file\",\"file\":\"a\"}", NULL, COMMAND_PROBE);
    understood("{\"request\":\"ctrl.play\",\"file\":\"films/\xc3\xa9t\xc3\xa9.mp4\"}", NULL, COMMAND_TOGGLE);
    check_text(command.file, "films/\xc3\xa9t\xc3\xa9.mp4", "with its file");
}

static void test_mistakes(void)
{
    static const char missing[] = "the message needs 'request' as a string, one of: " NAMES;

    answered("{}", NULL, PROTOCOL_ERROR, missing);
    answered("{\"request\":1}", NULL, PROTOCOL_ERROR, missing);
    answered("{\"request\":null}", NULL, PROTOCOL_ERROR, missing);
    answered("[]", NULL, PROTOCOL_ERROR, missing);
    answered("{\"request\":\"play\"}", NULL, PROTOCOL_ERROR, "play is not a request; these are: " NAMES);
    answered("{\"request\":\"PING\"}", NULL, PROTOCOL_ERROR, "PING is not a request; these are: " NAMES);
    answered("{\"request\":\"push.answer\"}", NULL, PROTOCOL_ERROR, NEEDS_ANSWER);
    answered("{\"request\":\"push.answer\"}", "{\"type\":\"offer\",\"sdp\":\"v=0\"}", PROTOCOL_ERROR, NEEDS_ANSWER);
    answered("{\"request\":\"push.answer\"}", "{\"type\":\"answer\"}", PROTOCOL_ERROR, NEEDS_ANSWER);
    answered("{\"request\":\"ctrl.play\"}", NULL, PROTOCOL_REFUSED, "ctrl.play" NEEDS_FILE);
    answered("{\"request\":\"probe.file\",\"file\":[]}", NULL, PROTOCOL_REFUSED, "probe.file" NEEDS_FILE);
    answered("{\"request\":\"ctrl.play\",\"file\":\"\"}", NULL, PROTOCOL_REFUSED,
             "'file' is empty or contains a null character");
    answered("{\"request\":\"ctrl.play\",\"file\":\"a\\u0000b\"}", NULL, PROTOCOL_REFUSED,
             "'file' is empty or contains a null character");
}

static void test_replies(void)
{
    struct probe probe = {.streams = 2, .duration = 20010666000};

    reason_set(&reason, "why");
    written(protocol_pong(), "{\"msg\":\"pong\"}", "pong");
    written(protocol_probe_result(&probe), "{\"code\":0,\"streams\":2,\"duration\":20010666}", "the result of a probe");
    written(protocol_refusal(PATH_NOT_FOUND, "a.mp4", NULL), "{\"code\":404,\"path\":\"a.mp4\"}", "not found");
    written(protocol_refusal(PATH_REFUSED, "a.mp4", &reason),
            "{\"code\":400,\"path\":\"a.mp4\",\"reason\":\"why\"}", "refused");
    written(protocol_refusal(PATH_REFUSED, NULL, &reason), "{\"code\":400,\"reason\":\"why\"}", "refused without a name");
    written(protocol_event("exit.play"), "{\"tms_play_event\":\"exit.play\"}", "an event");
    written(protocol_offer("v=0"), "{\"type\":\"offer\",\"sdp\":\"v=0\"}", "an offer");
}

int main(void)
{
    test_requests();
    test_mistakes();
    test_replies();
    parse("{}", NULL); /* releases the last message */
    return tap_end();
}
