/* SPDX-License-Identifier: GPL-3.0-only */
/* The whole plugin, with a core that only records: the golden transcripts and the examples of PROTOCOL.md are
 * replayed, and handles come and go while films are played. */
#include "../src/access.c"
#include "../src/adaptation.c"
#include "../src/asset.c"
#include "../src/audio.c"
#include "../src/cache.c"
#include "../src/feedback.c"
#include "../src/h264.c"
#include "../src/index.c"
#include "../src/ogg.c"
#include "../src/listing.c"
#include "../src/medium.c"
#include "../src/metrics.c"
#include "../src/pacer.c"
#include "../src/packetizer.c"
#include "../src/path.c"
#include "../src/pictures.c"
#include "../src/playback.c"
#include "../src/playlist.c"
#include "../src/probe.c"
#include "../src/protocol.c"
#include "../src/rendition.c"
#include "../src/rtcp.c"
#include "../src/sdp.c"
#include "../src/seek.c"
#include "../src/sending.c"
#include "../src/session.c"
#include "../src/switching.c"
#include "../src/window.c"
#include "../src/workers.c"

#include "../src/plugin.c"

#include <dirent.h>
#include <malloc.h>
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

#include "support/document.h"
#include "support/media.h"
#include "support/tap.h"

/* What the core's executable provides. */

int janus_log_level = LOG_NONE;
gboolean janus_log_timestamps, janus_log_colors;
char *janus_log_global_prefix;
int lock_debug, refcount_debug;

/* What is logged, where that is asked for by the level. */
static GString *logged;
static GMutex logging;

void janus_vprintf(const char *format, ...)
{
    va_list values;

    g_mutex_lock(&logging);
    va_start(values, format);
    g_string_append_vprintf(logged, format, values);
    va_end(values);
    g_mutex_unlock(&logging);
}

janus_plugin_result *janus_plugin_result_new(janus_plugin_result_type type, const char *text, json_t *content)
{
    janus_plugin_result *result = g_new0(janus_plugin_result, 1);

    *result = (janus_plugin_result){.type = type, .text = text, .content = content};
    return result;
}

void janus_plugin_rtp_extensions_reset(janus_plugin_rtp_extensions *extensions)
{
    memset(extensions, 0, sizeof *extensions);
}

static janus_config_item configured_root = {.type = janus_config_type_item, .name = "media_root"};

janus_config *janus_config_parse(const char *file)
{
    check_text(file, "/config/janus.plugin.tms.play.jcfg", "the configuration is read");
    return (janus_config *)&configured_root;
}

janus_config_container *janus_config_get(janus_config *config, janus_config_container *parent,
                                         janus_config_type type, const char *name)
{
    (void)config;
    (void)parent;
    (void)type;
    return strcmp(name, "media_root") == 0 ? &configured_root : NULL;
}

janus_config_container *janus_config_get_create(janus_config *config, janus_config_container *parent,
                                                janus_config_type type, const char *name)
{
    (void)config;
    (void)parent;
    (void)type;
    require(strcmp(name, "general") == 0, "and stands in general");
    return NULL;
}

void janus_config_destroy(janus_config *config)
{
    (void)config;
}

/* The core's side of the callbacks. */

static GAsyncQueue *pushed; /* {data, jsep} */
static gint sent_packets, freed_handles;

static int core_push_event(janus_plugin_session *handle, janus_plugin *plugin, const char *transaction,
                           json_t *message, json_t *jsep)
{
    (void)plugin;
    (void)transaction;
    if (!handle->stopped)
        g_async_queue_push(pushed, json_pack("{sOsO?}", "data", message, "jsep", jsep));
    return 0;
}

static void core_relay_rtp(janus_plugin_session *handle, janus_plugin_rtp *packet)
{
    /* The core reads a stream here that it frees when hangup_media() has returned. */
    require(handle->gateway_handle != NULL, "nothing is sent after the hangup");
    require(packet->length >= RTP_HEADER_SIZE && packet->length <= RTP_PACKET_MAX, "packets have a proper size");
    g_atomic_int_inc(&sent_packets);
}

static janus_callbacks core = {.push_event = core_push_event, .relay_rtp = core_relay_rtp};

static void free_handle(const janus_refcount *ref)
{
    g_free(janus_refcount_containerof(ref, janus_plugin_session, ref));
    g_atomic_int_inc(&freed_handles);
}

/* What the core has of a handle, or NULL where that does not matter. */
static janus_plugin_session *attach_to(void *gateway_handle)
{
    janus_plugin_session *handle = g_new0(janus_plugin_session, 1);
    int failure = 0;

    handle->gateway_handle = gateway_handle;
    play_plugin.create_session(handle, &failure);
    require(failure == 0, "a session is created");
    janus_refcount_init(&handle->ref, free_handle);
    janus_refcount_increase(&handle->ref); /* the plugin's */
    return handle;
}

static janus_plugin_session *attach(void)
{
    return attach_to(NULL);
}

static void bring_up(janus_plugin_session *handle)
{
    handle->gateway_handle = handle;
    play_plugin.setup_media(handle);
}

static void hang_up(janus_plugin_session *handle)
{
    play_plugin.hangup_media(handle);
    handle->gateway_handle = NULL;
}

static void detach(janus_plugin_session *handle)
{
    int failure = 0;

    hang_up(handle);
    g_atomic_int_set(&handle->stopped, 1);
    play_plugin.destroy_session(handle, &failure);
    check(failure == 0, "a session is destroyed");
    janus_refcount_decrease(&handle->ref);
}

/* The reply as the core would send it: {success: data}, {ack: true} or {error: {code, reason}}. */
static json_t *request(janus_plugin_session *handle, json_t *body, json_t *jsep)
{
    janus_plugin_result *result = play_plugin.handle_message(handle, g_strdup("transaction"), body, jsep);
    json_t *reply_sent;

    if (result->type == JANUS_PLUGIN_OK)
        reply_sent = json_pack("{so}", "success", result->content);
    else if (result->type == JANUS_PLUGIN_OK_WAIT)
        reply_sent = json_pack("{sb}", "ack", 1);
    else
        reply_sent = json_pack("{s{siss}}", "error", "code", 462, "reason", result->text);
    g_free(result);
    return reply_sent;
}

static json_t *answer_jsep(void)
{
    return json_pack("{ssss}", "type", "answer", "sdp",
                     "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
                     "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n"
                     "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f\r\n");
}

static void press_play(janus_plugin_session *handle, const char *file)
{
    json_decref(request(handle, json_pack("{ssss}", "request", "ctrl.play", "file", file), NULL));
}

/* Golden transcripts */

static void drain(void)
{
    json_t *event;

    while ((event = g_async_queue_timeout_pop(pushed, 50000)))
        json_decref(event);
}

static void compare(const json_t *found, const json_t *expected, const char *name)
{
    char *text = json_dumps(found, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    char *wanted = json_dumps(expected, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

    check_text(text, wanted, name);
    free(text);
    free(wanted);
}

static void expect_event(const json_t *expected, const char *name)
{
    json_t *event = g_async_queue_timeout_pop(pushed, 10 * G_USEC_PER_SEC);

    require(event != NULL, "an event comes within ten seconds");
    compare(json_object_get(event, "data"), json_object_get(expected, "data"), name);
    const char *jsep = json_string_value(json_object_get(expected, "jsep"));
    if (jsep)
        check_text(json_string_value(json_object_get(json_object_get(event, "jsep"), "type")), jsep, "with its jsep");
    else
        check(!json_is_object(json_object_get(event, "jsep")), "without jsep");
    json_decref(event);
}

static void step(janus_plugin_session *handle, json_t *expected)
{
    char *name = json_dumps(expected, JSON_COMPACT);
    json_t *body = json_object_get(expected, "send"), *event;
    const char *event_of_core = json_string_value(json_object_get(expected, "core"));
    size_t i;

    if (body) {
        json_t *found = request(handle, json_deep_copy(body), json_object_get(expected, "jsep") ? answer_jsep() : NULL);
        const char *kind = json_object_iter_key(json_object_iter(found));
        compare(json_object_get(found, kind), json_object_get(expected, kind), name);
        json_decref(found);
    }
    if (event_of_core && strcmp(event_of_core, "webrtcup") == 0)
        bring_up(handle);
    if (event_of_core && strcmp(event_of_core, "hangup") == 0)
        hang_up(handle);
    json_array_foreach(json_object_get(expected, "events"), i, event)
        expect_event(event, name);
    free(name);
}

static void replay(const char *file)
{
    char *path = g_strdup_printf("%s/%s", GOLDEN_FOLDER, file);
    json_t *transcript = json_load_file(path, 0, NULL), *expected;
    janus_plugin_session *handle = attach();
    size_t i;

    require(json_array_size(json_object_get(transcript, "exchange")) > 0, path);
    json_array_foreach(json_object_get(transcript, "exchange"), i, expected)
        step(handle, expected);
    detach(handle);
    check(g_async_queue_length(pushed) <= 0, "no other event is pushed");
    json_decref(transcript);
    g_free(path);
}

/* The examples of PROTOCOL.md */

/* A viewer in the state in which the examples of a section begin. */
static janus_plugin_session *begin_section(const char *viewer)
{
    janus_plugin_session *handle = attach();

    if (strcmp(viewer, "closed") == 0)
        token_secret = g_strdup("secret");
    if (strcmp(viewer, "connected") != 0 && strcmp(viewer, "playing") != 0)
        return handle;
    json_decref(request(handle, json_pack("{ss}", "request", "push.answer"), answer_jsep()));
    bring_up(handle);
    if (strcmp(viewer, "playing") == 0)
        json_decref(request(handle, json_pack("{sssssi}", "request", "ctrl.play", "file", "film.mp4", "start", 0), NULL));
    return handle;
}

static void end_section(janus_plugin_session *handle)
{
    detach(handle);
    drain();
    g_clear_pointer(&token_secret, g_free);
}

/* Where a viewer is is only known when that was asked for, else it depends on the clock. */
static void forget_position(json_t *example, const char *request_name)
{
    bool asked = request_name && (strcmp(request_name, "ctrl.play") == 0 || strcmp(request_name, "ctrl.seek") == 0);

    if (!asked && json_is_integer(json_object_get(example, "position")))
        json_object_set_new(example, "position", json_string("any"));
}

/* Sends what is a request; the reply to it, or NULL. */
static json_t *replay_request(janus_plugin_session *handle, json_t *body, const char **name)
{
    *name = json_string_value(json_object_get(body, "request"));
    json_t *found = request(handle, json_incref(body), strcmp(*name, "push.answer") == 0 ? answer_jsep() : NULL);
    const char *kind = json_object_iter_key(json_object_iter(found));
    json_t *content = strcmp(kind, "ack") == 0 ? NULL : json_incref(json_object_get(found, kind));

    json_decref(found);
    return content;
}

/* What an example expects: an event, or the reply to the request before it, whose reference is taken. */
static void replay_answer(json_t *expected, json_t *found, const char *request_name, const char *name)
{
    if (json_object_get(expected, "tms_play_event")) {
        require(found == NULL, name);
        json_t *event = g_async_queue_timeout_pop(pushed, 10 * G_USEC_PER_SEC);
        require(event != NULL, name);
        found = json_incref(json_object_get(event, "data"));
        json_decref(event);
        request_name = NULL;
    }
    forget_position(expected, request_name);
    forget_position(found, request_name);
    compare(found, expected, name);
    json_decref(found);
}

static int test_document(void)
{
    json_t *examples = document_examples(PROTOCOL_DOCUMENT), *example, *found = NULL;
    const char *section = "", *request_name = NULL;
    janus_plugin_session *handle = NULL;
    int sections = 0;
    size_t i;

    json_array_foreach(examples, i, example) {
        const char *below = json_string_value(json_object_get(example, "section"));
        json_t *content = json_object_get(example, "content");
        char *name = g_strdup_printf("PROTOCOL.md, line %d: %s", (int)json_integer_value(json_object_get(example, "line")), below);
        if (strcmp(below, section) != 0) {
            if (handle)
                end_section(handle);
            handle = begin_section(json_string_value(json_object_get(example, "viewer")));
            section = below;
            sections++;
        }
        if (json_object_get(content, "request")) {
            require(found == NULL, name);
            found = replay_request(handle, content, &request_name);
        } else {
            replay_answer(content, found, request_name, name);
            found = NULL;
        }
        g_free(name);
    }
    require(found == NULL && handle != NULL, "every reply is in the document");
    end_section(handle);
    json_decref(examples);
    return sections;
}

/* Comings and goings */

static janus_plugin_session *attach_playing(const char *file)
{
    janus_plugin_session *handle = attach();

    json_decref(request(handle, json_pack("{ss}", "request", "push.answer"), answer_jsep()));
    bring_up(handle);
    press_play(handle, file);
    return handle;
}

static void test_vanishing(void)
{
    janus_plugin_session *handles[20];

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 20; i++)
            handles[i] = attach_playing(i % 2 ? "film.mp4" : "sound.wav");
        g_usleep(20000 * (gulong)round);
        for (int i = 0; i < 20; i++)
            detach(handles[i]);
    }
    drain();
    check(sent_packets > 0, "viewers who vanish while they watch leave nothing behind");
}

static gpointer press_buttons(gpointer data)
{
    static const char *const names[] = {"ctrl.play", "stop.play", "ctrl.play", "ctrl.play", "probe.file", "request.offer"};

    for (int i = 0; i < 1000; i++)
        json_decref(request(data, json_pack("{ssss}", "request", names[i % 6], "file", "film.mp4"), NULL));
    return NULL;
}

static void test_impatient(void)
{
    static char pli[] = {(char)0x81, (char)206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
    janus_plugin_session *handle = attach_playing("film.mp4");
    janus_plugin_rtcp rtcp = {.video = TRUE, .buffer = pli, .length = sizeof pli};
    GThread *threads[4];

    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("buttons", press_buttons, handle);
    for (int i = 0; i < 50; i++) {
        play_plugin.incoming_rtcp(handle, &rtcp);
        json_decref(play_plugin.query_session(handle));
        if (i % 10 == 0) {
            hang_up(handle);
            bring_up(handle);
        }
        g_usleep(1000);
    }
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    detach(handle);
    drain();
    check(true, "buttons pressed at the same time do no harm");
}

static void test_full(void)
{
    json_t *body = json_pack("{ssss}", "request", "ctrl.play", "file", "film.mp4");
    json_t *full = json_pack("{sissss}", "code", 400, "path", "film.mp4", "reason",
                             "2 viewers are watching, which is as many as may: try again later");
    janus_plugin_session *handles[3];

    check_int(watching, 0, "nobody is watching any more");
    max_viewers = 2;
    for (int i = 0; i < 3; i++)
        handles[i] = attach_playing("film.mp4");
    json_t *found = request(handles[2], json_incref(body), NULL);
    compare(json_object_get(found, "success"), full, "with two viewers allowed, the third is refused");
    json_decref(found);
    detach(handles[0]);
    found = request(handles[2], json_incref(body), NULL);
    check(json_object_get(found, "ack") != NULL, "until one of the two has left");
    json_decref(found);
    detach(handles[1]);
    detach(handles[2]);
    max_viewers = 0;
    json_decref(full);
    json_decref(body);
    drain();
}

/* {code} of the reply to a request for a file; the request's reference is taken. */
static int code_of(janus_plugin_session *handle, json_t *body)
{
    json_t *found = request(handle, body, NULL);
    json_t *code = json_object_get(json_object_get(found, "success"), "code");
    int value = code ? (int)json_integer_value(code) : -1;

    json_decref(found);
    return value;
}

static void test_tokens(void)
{
    /* Signed with "secret", for film.mp4, until 2096. */
    static const char token[] = "4000000000,janus,janus.plugin.tms.play,media=film.mp4:0NwHVosbmF62kjvugNrImijnZq8=";
    janus_plugin_session *handle = attach();

    json_decref(request(handle, json_pack("{ss}", "request", "push.answer"), answer_jsep()));
    bring_up(handle);
    token_secret = g_strdup("secret");
    check_int(code_of(handle, json_pack("{ssss}", "request", "probe.file", "file", "film.mp4")), 403,
              "with a secret nothing is told without a token");
    check_int(code_of(handle, json_pack("{sssssi}", "request", "probe.file", "file", "film.mp4", "token", 1)), 403,
              "or with what is no token");
    check_int(code_of(handle, json_pack("{ssss}", "request", "ctrl.play", "file", "film.mp4")), 403,
              "and nothing is played");
    check_int(code_of(handle, json_pack("{ssssss}", "request", "ctrl.play", "file", "none.mp4", "token", token)), 403,
              "a file that the token does not name is not looked for");
    check_int(code_of(handle, json_pack("{ssssss}", "request", "probe.file", "file", "film.mp4", "token", token)), 0,
              "one that it names is probed");
    check_int(code_of(handle, json_pack("{ssssss}", "request", "ctrl.play", "file", "film.mp4", "token", token)), -1,
              "and played");
    check_int(session_state(&((struct viewer *)handle->plugin_handle)->session), SESSION_GOING, "at once");
    detach(handle);
    g_clear_pointer(&token_secret, g_free);
    drain();
}

/* So many of 256 packets of the picture are lost, and there is room for 300 kbit/s. */
static void report_loss(janus_plugin_session *handle, uint8_t lost)
{
    struct session *session = &((struct viewer *)handle->plugin_handle)->session;
    uint8_t report[] = {0x81, 201, 0,    7,    0,    0,    0,    1, 0, 0, 0, 3, 0,    0,   0,   0,   0,
                        0,    0,   0,    0,    0,    0,    0,    0, 0, 0, 0, 0, 0,    0,   0,   0x8f, 206,
                        0,    5,   0,    0,    0,    1,    0,    0, 0, 0, 'R', 'E', 'M', 'B', 1, 0x06, 0x49,
                        0xf0, 0,   0,    0,    3};
    janus_plugin_rtcp rtcp = {.video = TRUE, .buffer = (char *)report, .length = sizeof report};

    pthread_mutex_lock(&session->lock);
    uint16_t sequence = session->media[ASSET_VIDEO].sequence;
    pthread_mutex_unlock(&session->lock);
    report[14] = (uint8_t)(sequence * lost / 256 >> 8);
    report[15] = (uint8_t)(sequence * lost / 256);
    report[18] = (uint8_t)(sequence >> 8);
    report[19] = (uint8_t)sequence;
    play_plugin.incoming_rtcp(handle, &rtcp);
}

/* Two viewers lose packets, of whom one has sent a request of the second generation. */
static void test_renditions(void)
{
    struct media_film film = {.seconds = 20, .pictures_per_key_frame = 25, .key_frame_size = 9000, .picture_size = 900};
    janus_plugin_session *handles[2];
    json_t *event = NULL, *info = NULL;
    int told = 0, switched_to = 0;

    media_write_film("wide.mp4", &film);
    film.picture_size = 300;
    film.no_sound = true;
    media_write_film("wide.360p.mp4", &film);
    handles[0] = attach_playing("wide.mp4");
    handles[1] = attach_playing("wide.mp4");
    json_decref(request(handles[1], json_pack("{ss}", "request", "get.status"), NULL));
    drain();
    for (int i = 0; i < 150 && !(told && switched_to); i++) {
        for (int viewer = 0; viewer < 2; viewer++)
            report_loss(handles[viewer], 40);
        json_t *pushed_event = g_async_queue_timeout_pop(pushed, 100000);
        if (pushed_event) {
            told++;
            json_decref(event);
            event = json_incref(json_object_get(pushed_event, "data"));
            json_decref(pushed_event);
        }
        json_decref(info);
        info = play_plugin.query_session(handles[0]);
        switched_to = (int)json_integer_value(json_object_get(info, "rendition"));
    }
    json_t *expected = json_pack("{sssssi}", "tms_play_event", "play.rendition", "file", "wide.mp4", "rendition", 360);
    compare(event, expected, "who loses too much is told that a lower rendition is shown");
    json_decref(expected);
    check_int(switched_to, 360, "as it is to who is not told");
    check_int(json_integer_value(json_object_get(info, "remb")), 300000, "the core tells for what there was room");
    check(json_real_value(json_object_get(info, "loss")) > 0.15, "and how much was lost");
    json_decref(info);
    json_decref(event);
    while ((event = g_async_queue_timeout_pop(pushed, 50000))) {
        told++;
        json_decref(event);
    }
    check_int(told, 1, "as he has sent none of the new requests");
    for (int viewer = 0; viewer < 2; viewer++)
        detach(handles[viewer]);
    drain();
}

static void test_late_requests(void)
{
    janus_plugin_session *handle = attach();
    int failure = 0;

    janus_refcount_increase(&handle->ref);
    detach(handle);
    play_plugin.destroy_session(handle, &failure);
    check(failure != 0, "a session is not destroyed twice");
    json_t *found = request(handle, json_pack("{ss}", "request", "ping"), NULL);
    check(json_object_get(found, "error") != NULL, "a request to a handle that is gone is an error");
    json_decref(found);
    play_plugin.setup_media(handle);
    play_plugin.hangup_media(handle);
    check(play_plugin.query_session(handle) == NULL, "and other calls do nothing");
    janus_refcount_decrease(&handle->ref);
}

/* What is in use: of memory bytes, else their number. */
struct usage {
    size_t memory;
    int threads, descriptors;
};

static int count_entries(const char *folder)
{
    DIR *directory = opendir(folder);
    int count = 0;

    require(directory != NULL, folder);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static struct usage usage(void)
{
    workers_wait(library->housekeeper);
    workers_wait(library->readers);
    workers_wait(library->transcoders);
    workers_wait(library->housekeeper);
    workers_wait(library->readers);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    size_t memory = __sanitizer_get_current_allocated_bytes();
#else
    size_t memory = mallinfo2().uordblks;
#endif
    return (struct usage){memory, count_entries("/proc/self/task"), count_entries("/proc/self/fd")};
}

/* A viewer who comes, plays, goes elsewhere in the film, and leaves. */
static void pass_by(int number)
{
    janus_plugin_session *handle = g_new0(janus_plugin_session, 1);
    json_t *event;
    int failure = 0;

    janus_refcount_init(&handle->ref, free_handle);
    play_plugin.create_session(handle, &failure);
    json_decref(request(handle, json_pack("{ss}", "request", "push.answer"), answer_jsep()));
    bring_up(handle);
    json_decref(request(handle, json_pack("{sssssi}", "request", "ctrl.play", "file", "film.mp4", "start", 0), NULL));
    if (number % 10 == 0)
        g_usleep(2000);
    json_decref(request(handle, json_pack("{sssi}", "request", "ctrl.seek", "position", number % 3000), NULL));
    hang_up(handle);
    g_atomic_int_set(&handle->stopped, 1);
    play_plugin.destroy_session(handle, &failure);
    while ((event = g_async_queue_try_pop(pushed)))
        json_decref(event);
}

#define CYCLES 10000

static void test_cycles(void)
{
    struct usage half, end;

    for (int i = 0; i < CYCLES / 2; i++)
        pass_by(i);
    half = usage();
    for (int i = CYCLES / 2; i < CYCLES; i++)
        pass_by(i);
    end = usage();
    double growth = ((double)end.memory - (double)half.memory) / (CYCLES / 2);
    check(growth < 1024, "viewers who come and go leave nothing behind (%.1f bytes each)", growth);
    check(end.threads <= half.threads, "no thread (%d, then %d)", half.threads, end.threads);
    check(end.descriptors <= half.descriptors, "and no descriptor (%d, then %d)", half.descriptors, end.descriptors);
}

/* Whether the plugin says that something has happened: a line of this beginning with a number after it. */
static bool has_happened(const char *beginning)
{
    json_t *answer = play_plugin.handle_admin_message(NULL);
    const char *text = json_string_value(json_object_get(answer, "metrics"));
    const char *at = text ? strstr(text, beginning) : NULL;

    while (at && at[-1] != '\n') /* in the description */
        at = strstr(at + 1, beginning);
    bool happened = at && atof(at + strlen(beginning)) > 0;

    json_decref(answer);
    return happened;
}

static void test_metrics(void)
{
    check(has_happened("janus_play_plays_total "), "plays are counted");
    check(has_happened("janus_play_ended_total{how=\"stopped\"} "), "how they ended, too");
    check(has_happened("janus_play_refused_total{why=\"file\"} "), "and files that could not be played");
    check(has_happened("janus_play_refused_total{why=\"full\"} "), "and who found no place");
    check(has_happened("janus_play_packets_total{medium=\"video\"} "), "packets are counted");
    check(has_happened("janus_play_key_frame_requests_total "), "and requests for key frames");
    check(has_happened("janus_play_switches_total{to=\"lower\"} "), "and switches to other renditions");
    check(has_happened("janus_play_first_frame_seconds_count "), "the wait for the first one is measured");
    check(has_happened("janus_play_lateness_seconds_count "), "and how punctual the pacer is");
    check(has_happened("janus_play_asset_opens_total{index=\"shared\"} "), "a file is shared by who watch it");
    check(has_happened("janus_play_transcoded_packets_total "), "sound is made");
    check(has_happened("janus_play_transcoding_seconds_total "), "which takes time");
}

static void test_log(void)
{
    static const char *const said[] = {
        "[janus.plugin.tms.play] [4503599627370497] asks for 'no\\nfilm.mp4'",
        "[janus.plugin.tms.play] [4503599627370497] asks for 'film.mp4'",
        "[janus.plugin.tms.play] [4503599627370497] pauses",
        "[janus.plugin.tms.play] [4503599627370497] resumes",
        "[janus.plugin.tms.play] [4503599627370497] seeks to 1000 ms",
        "[WARN] [janus.plugin.tms.play] [4503599627370497] is refused '../film.mp4': ",
        "[janus.plugin.tms.play] [4503599627370497] stops 'film.mp4'",
    };
    struct {
        void *session;
        guint64 id;
    } core_handle = {NULL, G_GUINT64_CONSTANT(4503599627370497)};
    janus_plugin_session *handle = attach_to(&core_handle);

    logged = g_string_new(NULL);
    janus_log_level = LOG_INFO;
    json_decref(request(handle, json_pack("{ss}", "request", "push.answer"), answer_jsep()));
    bring_up(handle);
    press_play(handle, "no\nfilm.mp4");
    press_play(handle, "film.mp4");
    press_play(handle, "film.mp4");
    press_play(handle, "film.mp4");
    json_decref(request(handle, json_pack("{sssi}", "request", "ctrl.seek", "position", 1000), NULL));
    json_decref(request(handle, json_pack("{ssss}", "request", "probe.file", "file", "../film.mp4"), NULL));
    json_decref(request(handle, json_pack("{ss}", "request", "stop.play"), NULL));
    detach(handle);
    drain();
    janus_log_level = LOG_NONE;
    gchar **lines = g_strsplit(logged->str, "\n", -1);

    g_string_free(logged, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(said) && lines[i]; i++)
        check(g_str_has_prefix(lines[i], said[i]), "it is logged: %s", lines[i]);
    check_int(g_strv_length(lines), G_N_ELEMENTS(said) + 1, "and nothing else, each in a line");
    g_strfreev(lines);
}

int main(void)
{
    int attached = 0;

    media_write_golden();
    pushed = g_async_queue_new();
    configured_root.value = (char *)media_folder();
    check(create() == &play_plugin && play_plugin.init(&core, "/config") == 0, "the plugin starts");
    replay("before-webrtc.json");
    replay("play.json");
    replay("errors.json");
    replay("explicit.json");
    replay("list.json");
    int sections = test_document();
    test_vanishing();
    test_impatient();
    test_full();
    test_tokens();
    test_renditions();
    test_late_requests();
    test_cycles();
    test_log();
    test_metrics();
    attached = 5 + sections + 100 + 1 + 3 + 1 + 1 + 2 + 1 + CYCLES;

    /* The core may end while films are played, and does not wait for requests that are being carried out. */
    janus_plugin_session *last = attach_playing("film.mp4");
    GThread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("buttons", press_buttons, last);
    g_usleep(50000);
    play_plugin.destroy();
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    check_int(freed_handles, attached, "every handle was given back");
    janus_refcount_decrease(&last->ref);
    check_int(freed_handles, attached + 1, "the last one too, when the plugin ends");
    drain();
    g_async_queue_unref(pushed);
    return tap_end();
}
