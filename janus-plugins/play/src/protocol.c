/* SPDX-License-Identifier: GPL-3.0-only */
#include "protocol.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* JavaScript's whole numbers end here. */
#define INTEGER_MAX ((INT64_C(1) << 53) - 1)

enum field_type { FIELD_END, FIELD_TEXT, FIELD_INTEGER, FIELD_BOOLEAN, FIELD_NAMES };

struct field {
    const char *name;
    enum field_type type;
    size_t offset; /* in struct command */
    const char *means;
    bool required;
    bool may_be_empty;   /* a text */
    int64_t least, most; /* of a number, which may also be 0 */
};

#define FIELD(MEMBER, ...) {.name = #MEMBER, .offset = offsetof(struct command, MEMBER), __VA_ARGS__}
#define REQUIRED .required = true
#define FILE_NAME .type = FIELD_TEXT, .means = "the name of a file in the media folder, as a string"
#define FOLDER_NAME .type = FIELD_TEXT, .may_be_empty = true, .means = "the name of a folder in the media folder, as a string"
#define FLAG .type = FIELD_BOOLEAN, .means = "true or false"
#define TIME .type = FIELD_INTEGER, .least = -INTEGER_MAX, .most = INTEGER_MAX, .means = "a whole number of milliseconds"

#define LANGUAGE .type = FIELD_TEXT, .means = "the language of a sound of the file, as a string of three letters such as \"eng\""
#define SOUND .type = FIELD_INTEGER, .most = INDEX_SOUNDS_MAX - 1, .means = "the index of a sound of the file"

#define FIELDS_MAX 7

static const struct request {
    const char *name;
    enum command_type type;
    bool is_explicit;
    bool has_answer;
    struct field fields[FIELDS_MAX + 1];
} requests[] = {
    {.name = "ping", .type = COMMAND_PING},
    {.name = "probe.file", .type = COMMAND_PROBE, .fields = {FIELD(file, REQUIRED, FILE_NAME)}},
    {.name = "request.offer", .type = COMMAND_OFFER},
    {.name = "push.answer", .type = COMMAND_ANSWER, .has_answer = true},
    {.name = "ctrl.play", .type = COMMAND_TOGGLE, .fields = {FIELD(file, REQUIRED, FILE_NAME)}},
    {.name = "stop.play", .type = COMMAND_STOP},
    {.name = "ctrl.play", .type = COMMAND_PLAY, .is_explicit = true,
     .fields = {FIELD(file, FILE_NAME),
                FIELD(playlist, .type = FIELD_NAMES, .means = "an array of 1 to 1000 names of files in the media folder"),
                FIELD(item, .type = FIELD_INTEGER, .most = PLAYLIST_MAX - 1, .means = "the index of a name in 'playlist'"),
                FIELD(start, TIME), FIELD(loop, FLAG), FIELD(language, LANGUAGE), FIELD(sound, SOUND)}},
    {.name = "ctrl.pause", .type = COMMAND_PAUSE, .is_explicit = true},
    {.name = "ctrl.resume", .type = COMMAND_RESUME, .is_explicit = true},
    {.name = "ctrl.seek", .type = COMMAND_SEEK, .is_explicit = true, .fields = {FIELD(position, REQUIRED, TIME), FIELD(accurate, FLAG)}},
    {.name = "ctrl.loop", .type = COMMAND_LOOP, .is_explicit = true, .fields = {FIELD(loop, REQUIRED, FLAG)}},
    {.name = "ctrl.sound", .type = COMMAND_SOUND, .is_explicit = true, .fields = {FIELD(language, LANGUAGE), FIELD(sound, SOUND)}},
    {.name = "get.status", .type = COMMAND_STATUS, .is_explicit = true},
    {.name = "report.position", .type = COMMAND_REPORT, .is_explicit = true,
     .fields = {FIELD(interval, REQUIRED, .type = FIELD_INTEGER, .least = 100, .most = 60000,
                      .means = "a whole number of milliseconds: 100 to 60000, or 0 for no reports")}},
    {.name = "list.files", .type = COMMAND_LIST, .is_explicit = true,
     .fields = {FIELD(folder, FOLDER_NAME),
                FIELD(offset, .type = FIELD_INTEGER, .most = INTEGER_MAX, .means = "how many files to pass over, a whole number"),
                FIELD(limit, .type = FIELD_INTEGER, .most = LISTING_MAX, .means = "how many files to tell of, a whole number up to 1000")}},
};

#define REQUESTS (sizeof requests / sizeof requests[0])
/* As clients of the first generation have always been told. */
#define REQUEST_NAMES "ping, probe.file, request.offer, push.answer, ctrl.play, stop.play"

/* A name that came with a message, unless it is too long for a sentence. */
static const char *printable(const char *name, const char *otherwise)
{
    return strlen(name) < 64 ? name : otherwise;
}

static bool is_name(const json_t *value, bool may_be_empty, struct reason *reason, const char *field)
{
    size_t length = json_string_length(value);

    if ((length > 0 || may_be_empty) && strlen(json_string_value(value)) == length)
        return true;
    reason_set(reason, "'%s' is empty or contains a null character", field);
    return false;
}

static bool are_names(const json_t *value, struct reason *reason, const char *field)
{
    const json_t *name;
    size_t i;

    json_array_foreach(value, i, name)
        if (!is_name(name, false, reason, field))
            return false;
    return true;
}

static bool has_type(const struct field *field, const json_t *value)
{
    const json_t *name;
    size_t i;

    switch (field->type) {
    case FIELD_TEXT:
        return json_is_string(value);
    case FIELD_INTEGER:
        return json_is_integer(value) &&
               ((json_integer_value(value) >= field->least && json_integer_value(value) <= field->most) ||
                json_integer_value(value) == 0);
    case FIELD_BOOLEAN:
        return json_is_boolean(value);
    case FIELD_NAMES:
        json_array_foreach(value, i, name)
            if (!json_is_string(name))
                return false;
        return json_array_size(value) >= 1 && json_array_size(value) <= PLAYLIST_MAX;
    case FIELD_END:
        break;
    }
    return false;
}

static void store(const struct field *field, const json_t *value, struct command *command)
{
    void *place = (char *)command + field->offset;

    switch (field->type) {
    case FIELD_TEXT:
        *(const char **)place = json_string_value(value);
        break;
    case FIELD_INTEGER:
        *(int64_t *)place = json_integer_value(value);
        break;
    case FIELD_BOOLEAN:
        *(bool *)place = json_is_true(value);
        break;
    case FIELD_NAMES:
        *(const json_t **)place = value;
        break;
    case FIELD_END:
        break;
    }
}

static bool parse_field(const struct request *request, const struct field *field, const json_t *value,
                        struct command *command, struct reason *reason)
{
    if (!value && !field->required)
        return true;
    if (!value || !has_type(field, value)) {
        reason_set(reason, "%s %s '%s', %s", request->name, field->required ? "needs" : "takes", field->name, field->means);
        return false;
    }
    if ((field->type == FIELD_TEXT && !is_name(value, field->may_be_empty, reason, field->name)) ||
        (field->type == FIELD_NAMES && !are_names(value, reason, field->name)))
        return false;
    store(field, value, command);
    return true;
}

/* Every request may carry the token by which its sender is let in. */
static bool is_known(const struct request *request, const char *name)
{
    if (strcmp(name, "request") == 0 || strcmp(name, "token") == 0)
        return true;
    for (const struct field *field = request->fields; field->type; field++)
        if (strcmp(name, field->name) == 0)
            return true;
    return false;
}

static bool refuse_unknown(const struct request *request, const json_t *body, struct reason *reason)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)body, name, value) {
        if (is_known(request, name))
            continue;
        int length = reason_set(reason, "%s does not know %s%s%s", request->name, strlen(name) < 64 ? "'" : "",
                                printable(name, "one of the fields"), strlen(name) < 64 ? "'" : "");
        for (const struct field *field = request->fields; field->type; field++)
            length += snprintf(reason->text + length, sizeof reason->text - (size_t)length, "%s'%s'",
                               field == request->fields ? ": it takes " : ", ", field->name);
        return true;
    }
    return false;
}

static bool is_contradictory(const struct command *command, struct reason *reason)
{
    const char *name = command->type == COMMAND_PLAY ? "ctrl.play" : "ctrl.sound";

    if (command->language && command->sound >= 0) {
        reason_set(reason, "%s takes either 'language' or 'sound'", name);
        return true;
    }
    if (command->language && strlen(command->language) != 3) {
        reason_set(reason, "%s takes 'language', a string of three letters such as \"eng\"", name);
        return true;
    }
    if (command->type == COMMAND_SOUND && !command->language && command->sound < 0) {
        reason_set(reason, "ctrl.sound needs 'language' or 'sound'");
        return true;
    }
    if (command->type != COMMAND_PLAY)
        return false;
    if (!command->file == !command->playlist) {
        reason_set(reason, "ctrl.play needs either 'file' or 'playlist'");
        return true;
    }
    if ((size_t)command->item >= (command->playlist ? json_array_size(command->playlist) : 1)) {
        reason_set(reason, "ctrl.play takes 'item', the index of a name in 'playlist'");
        return true;
    }
    return false;
}

static enum protocol_verdict parse_answer(const json_t *jsep, struct command *command, struct reason *reason)
{
    const char *type = json_string_value(json_object_get(jsep, "type"));

    command->sdp = json_string_value(json_object_get(jsep, "sdp"));
    if (type && strcmp(type, "answer") == 0 && command->sdp)
        return PROTOCOL_UNDERSTOOD;
    reason_set(reason, "push.answer needs the answer to the offer as 'jsep': {type: \"answer\", sdp}");
    return PROTOCOL_ERROR;
}

static enum protocol_verdict parse_fields(const struct request *request, const json_t *body, struct command *command,
                                          struct reason *reason)
{
    const json_t *token = json_object_get(body, "token");

    for (const struct field *field = request->fields; field->type; field++)
        if (!parse_field(request, field, json_object_get(body, field->name), command, reason))
            return PROTOCOL_REFUSED;
    if (!request->is_explicit)
        return PROTOCOL_UNDERSTOOD;
    if (token && !json_is_string(token)) {
        reason_set(reason, "%s takes 'token', a string", request->name);
        return PROTOCOL_REFUSED;
    }
    return refuse_unknown(request, body, reason) || is_contradictory(command, reason) ? PROTOCOL_REFUSED
                                                                                       : PROTOCOL_UNDERSTOOD;
}

/* ctrl.play has two forms: one of the fields that only the explicit one has tells them apart. */
static bool is_form(const struct request *request, const json_t *body)
{
    static const char *const explicit[] = {"start", "loop", "playlist", "language", "sound"};
    bool begins = false;

    for (size_t i = 0; i < sizeof explicit / sizeof explicit[0]; i++)
        begins = begins || json_object_get(body, explicit[i]);

    return (request->type != COMMAND_TOGGLE || !begins) && (request->type != COMMAND_PLAY || begins);
}

enum protocol_verdict protocol_parse(const json_t *body, const json_t *jsep, struct command *command,
                                     struct reason *reason)
{
    const char *name = json_string_value(json_object_get(body, "request"));

    if (!name) {
        reason_set(reason, "the message needs 'request' as a string, one of: " REQUEST_NAMES);
        return PROTOCOL_ERROR;
    }
    for (size_t i = 0; i < REQUESTS; i++) {
        const struct request *request = &requests[i];
        if (strcmp(name, request->name) != 0 || !is_form(request, body))
            continue;
        *command = (struct command){
            .type = request->type,
            .is_explicit = request->is_explicit,
            .token = json_string_value(json_object_get(body, "token")),
            .folder = "",
            .sound = -1,
            .limit = LISTING_MAX,
        };
        return request->has_answer ? parse_answer(jsep, command, reason)
                                   : parse_fields(request, body, command, reason);
    }
    reason_set(reason, "%s is not a request; these are: " REQUEST_NAMES, printable(name, "what the message asks for"));
    return PROTOCOL_ERROR;
}

static char *copy(const char *text)
{
    char *copied = strdup(text);

    if (!copied)
        abort();
    return copied;
}

struct playlist *protocol_playlist(const struct command *command)
{
    struct playlist *playlist = playlist_new(command->playlist ? json_array_size(command->playlist) : 1, command->playlist);

    for (size_t i = 0; i < playlist->count; i++)
        playlist->names[i] =
            copy(command->playlist ? json_string_value(json_array_get(command->playlist, i)) : command->file);
    return playlist;
}

struct index_choice protocol_choice(const struct command *command)
{
    struct index_choice choice = {.number = (int)command->sound};

    if (command->language)
        memcpy(choice.language, command->language, sizeof choice.language);
    return choice;
}

json_t *protocol_pong(void)
{
    return json_pack("{ss}", "msg", "pong");
}

json_t *protocol_probe_result(const struct probe *probe)
{
    return json_pack("{sisisI}", "code", 0, "streams", (int)probe->streams, "duration",
                     (json_int_t)(probe->duration / 1000));
}

static json_t *milliseconds(int64_t time)
{
    return json_integer(time / MILLISECONDS(1));
}

/* Where there is something to choose from. */
static void add_sounds(json_t *object, const struct index_sounds *sounds)
{
    json_t *list;

    if (sounds->count < 2)
        return;
    json_object_set_new(object, "sounds", list = json_array());
    for (unsigned i = 0; i < sounds->count; i++) {
        json_t *sound = json_object();
        if (sounds->sounds[i].language[0])
            json_object_set_new(sound, "language", json_string(sounds->sounds[i].language));
        json_object_set_new(sound, "playable", json_boolean(sounds->sounds[i].playable));
        json_array_append_new(list, sound);
    }
}

static json_t *listed_file(const char *name, const struct probe *probe)
{
    json_t *file = json_pack("{ss}", "name", name);

    if (!probe->done)
        return file;
    if (probe->size >= 0)
        json_object_set_new(file, "size", json_integer((json_int_t)probe->size));
    json_object_set_new(file, "playable", json_boolean(probe->status == PATH_OPENED));
    if (probe->status == PATH_OPENED) {
        json_object_set_new(file, "kind", json_string(probe->has_picture ? "video" : "audio"));
        json_object_set_new(file, "duration", milliseconds(probe->end));
        add_sounds(file, &probe->sounds);
    } else {
        json_object_set_new(file, "reason",
                            json_string(probe->status == PATH_NOT_FOUND ? "it is gone" : probe->reason.text));
    }
    return file;
}

json_t *protocol_listing(const struct listing *listing)
{
    json_t *files = json_array(), *folders = json_array();

    for (char **name = listing->folders; *name; name++)
        json_array_append_new(folders, json_string(*name));
    for (size_t i = 0; i < listing->count; i++)
        json_array_append_new(files, listed_file(listing->files[i], &listing->probes[i]));
    return json_pack("{sisssosIso}", "code", 0, "folder", listing->folder, "folders", folders, "total",
                     (json_int_t)listing->total, "files", files);
}

json_t *protocol_refusal(enum path_status status, const char *file, const struct reason *reason)
{
    if (status == PATH_NOT_FOUND)
        return json_pack("{siss}", "code", 404, "path", file);
    if (!file)
        return json_pack("{siss}", "code", 400, "reason", reason->text);
    return json_pack("{sissss}", "code", status == PATH_FORBIDDEN ? 403 : 400, "path", file, "reason",
                     reason->text);
}

json_t *protocol_conflict(enum protocol_code code, const char *reason)
{
    return json_pack("{siss}", "code", code, "reason", reason);
}

static const char *file_of(const struct session_item *item)
{
    return item->playlist->names[item->item];
}

json_t *protocol_status(const struct session_status *status)
{
    static const char *const names[] = {
        [SESSION_READY] = "ready", [SESSION_GOING] = "going", [SESSION_PAUSED] = "paused"};
    const struct playlist *playlist = status->played.playlist;
    json_t *object = json_pack("{sssb}", "state", names[status->state], "loop", status->loop);

    if (status->state == SESSION_READY)
        return object;
    json_object_set_new(object, "file", json_string(file_of(&status->played)));
    json_object_set_new(object, "position", milliseconds(status->position));
    json_object_set_new(object, "duration", milliseconds(status->duration));
    if (status->lines)
        json_object_set_new(object, "rendition", json_integer(status->lines));
    add_sounds(object, &status->sounds);
    if (status->sounds.count > 1)
        json_object_set_new(object, "sound", json_integer(status->sound));
    if (playlist->is_list) {
        json_t *list = json_array();
        for (size_t i = 0; i < playlist->count; i++)
            json_array_append_new(list, json_string(playlist->names[i]));
        json_object_set_new(object, "playlist", list);
        json_object_set_new(object, "item", json_integer((json_int_t)status->played.item));
    }
    return object;
}

static json_t *with_status(json_t *object, const struct session_status *status)
{
    json_t *content = protocol_status(status);

    json_object_update(object, content);
    json_decref(content);
    return object;
}

json_t *protocol_done(const struct session_status *status)
{
    return with_status(json_pack("{si}", "code", 0), status);
}

json_t *protocol_query(const struct session_status *status)
{
    json_t *object = protocol_status(status);

    json_object_set_new(object, "loss", status->loss < 0 ? json_null() : json_real(status->loss));
    json_object_set_new(object, "remb", status->estimate ? json_integer((json_int_t)status->estimate) : json_null());
    return object;
}

json_t *protocol_sought(const struct session_status *status, const struct seek_point *point, bool accurate)
{
    json_t *reply = protocol_done(status);

    json_object_set_new(reply, "position", milliseconds(point->position));
    json_object_set_new(reply, "requested", milliseconds(point->requested));
    json_object_set_new(reply, "key_frame", milliseconds(point->key_frame_time));
    if (accurate) {
        json_object_set_new(reply, "accurate", json_boolean(point->accurate));
        json_object_set_new(reply, "burst", json_integer((json_int_t)point->burst));
    }
    return reply;
}

json_t *protocol_event(const char *name)
{
    return json_pack("{ss}", "tms_play_event", name);
}

json_t *protocol_position(const struct session_status *status)
{
    return with_status(protocol_event("position"), status);
}

json_t *protocol_ended(const struct session_item *last, enum session_end end, const char *failure)
{
    json_t *event = protocol_event("play.ended");

    json_object_set_new(event, "file", json_string(file_of(last)));
    json_object_set_new(event, "reason", json_string(end == SESSION_FAILED ? "error" : "end"));
    if (end == SESSION_FAILED)
        json_object_set_new(event, "message", json_sprintf("the file %s", failure));
    return event;
}

json_t *protocol_item(const struct session_item *item)
{
    return json_pack("{sssssI}", "tms_play_event", "play.item", "file", file_of(item), "item", (json_int_t)item->item);
}

json_t *protocol_rendition(const struct session_item *item, unsigned lines)
{
    json_t *event = json_pack("{ssss}", "tms_play_event", "play.rendition", "file", file_of(item));

    if (lines)
        json_object_set_new(event, "rendition", json_integer(lines));
    return event;
}

json_t *protocol_skipped(const struct session_item *item, const char *message)
{
    return json_pack("{sssssIss}", "tms_play_event", "play.skipped", "file", file_of(item), "item",
                     (json_int_t)item->item, "message", message);
}

json_t *protocol_offer(const char *sdp)
{
    return json_pack("{ssss}", "type", "offer", "sdp", sdp);
}
