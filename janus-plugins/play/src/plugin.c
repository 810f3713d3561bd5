/* SPDX-License-Identifier: GPL-3.0-only */
/* janus.plugin.tms.play: plays a file of the media folder to a viewer.
 *
 * The only file that knows Janus. It turns the core's calls into calls of the session, the session's
 * packets and endings into calls of the core, and looks after the life of both. */
#include <errno.h>
#include <stdatomic.h>

#include <plugins/plugin.h>

#include <config.h>
#include <debug.h>
#include <mutex.h>

#include "access.h"
#include "asset.h"
#include "clock.h"
#include "listing.h"
#include "metrics.h"
#include "pacer.h"
#include "probe.h"
#include "protocol.h"
#include "rendition.h"
#include "rtcp.h"
#include "sdp.h"
#include "session.h"

#define PACKAGE_ID "janus.plugin.tms.play"
#define LOG_PREFIX "[" PACKAGE_ID "] "
#define DEFAULT_MEDIA_ROOT "/media"
#define DEFAULT_CACHE_BYTES (G_GUINT64_CONSTANT(1) << 30)

/* As many files can be waiting for a disk at the same time. */
#define READERS 4

/* Successors that are opened at a time: those on a disk that does not answer must not hold up others. */
#define OPENERS 64

struct viewer {
    janus_plugin_session *handle;
    guint64 id; /* as the core's log and its admin API name the handle; 0: not known */
    janus_refcount ref;
    GMutex requests; /* a viewer's requests are carried out one after the other */
    struct session session;
    struct pacer_timer timer;
    struct pacer_timer reports;    /* of the position, every so often */
    volatile gint report_interval; /* milliseconds; 0: none */
    volatile gint is_explicit;     /* has sent a request of the second generation, so is told more */
    guint64 sdp_id;
    guint offers;
    volatile gint offering; /* an offer is on its way to the core */
    _Atomic int64_t asked;  /* when the play was asked for whose first packet is still to come; 0: none is */
    atomic_bool shows;      /* and it has pictures */
};

/* Something to be told to a viewer, outside of the thread in which it came about. */
struct notice {
    struct viewer *viewer;
    json_t *event;     /* NULL: an offer */
    char *transaction; /* of the request that it follows, or NULL */
};

static janus_plugin play_plugin;
static janus_callbacks *gateway;
static volatile gint stopping;
static gint max_viewers; /* who may watch at the same time; 0: everybody */
static volatile gint watching;
static char *token_secret; /* what viewers' tokens are signed with; NULL: everybody may play everything */

static char *media_root;
static struct library *library;
static struct prober *prober;
static struct pacer *pacer;
static GThreadPool *events; /* one thread: events reach a viewer in the order they happened */
static GThreadPool *offers; /* a thread for each: the core gathers candidates before it returns */
static GThreadPool *openers; /* of what follows in a playlist, and of renditions */

static janus_mutex viewers_mutex = JANUS_MUTEX_INITIALIZER;
static GHashTable *viewers; /* by handle */

/* How many viewers there are, those included whose handle is gone but who are still in use. */
static GMutex living_mutex;
static GCond last_freed;
static guint living;

/* Viewers */

/* A line about a viewer has the id in it that the core's own lines have, so that one search finds them all. */
#define LOG_VIEWER(level, viewer, format, ...) \
    JANUS_LOG(level, LOG_PREFIX "[%" G_GUINT64_FORMAT "] " format "\n", (viewer)->id, ##__VA_ARGS__)

/* What a viewer does with a file, whose name may be anything; and why, or NULL. */
static void log_file(int level, const struct viewer *viewer, const char *what, const char *name, const char *why)
{
    char *printable = g_strescape(name, NULL);

    LOG_VIEWER(level, viewer, "%s '%s'%s%s", what, printable, why ? ": " : "", why ? why : "");
    g_free(printable);
}

/* The id of the core's handle. Plugins are not told it: it is the second member of the core's own structure, in the
 * versions of Janus that are known here, 0.9.1 (14) and 1.1.2 (102). */
static guint64 read_id(const janus_plugin_session *handle)
{
#if JANUS_PLUGIN_API_VERSION == 14 || JANUS_PLUGIN_API_VERSION == 102
    const struct {
        void *session;
        guint64 id;
    } *known = handle->gateway_handle;

    return known ? known->id : 0;
#else
    (void)handle;
    return 0;
#endif
}

static void viewer_free(const janus_refcount *ref)
{
    struct viewer *viewer = janus_refcount_containerof(ref, struct viewer, ref);

    pacer_cancel(pacer, &viewer->timer);
    pacer_cancel(pacer, &viewer->reports);
    session_destroy(&viewer->session);
    g_mutex_clear(&viewer->requests);
    janus_refcount_decrease(&viewer->handle->ref);
    g_free(viewer);
    g_mutex_lock(&living_mutex);
    if (--living == 0)
        g_cond_signal(&last_freed);
    g_mutex_unlock(&living_mutex);
}

/* Gives a reference, or NULL when the handle is already gone. */
static struct viewer *viewer_find(janus_plugin_session *handle)
{
    struct viewer *viewer = NULL;

    janus_mutex_lock(&viewers_mutex);
    if (!g_atomic_int_get(&stopping))
        viewer = g_hash_table_lookup(viewers, handle);
    if (viewer)
        janus_refcount_increase(&viewer->ref);
    janus_mutex_unlock(&viewers_mutex);
    return viewer;
}

static void viewer_release(struct viewer *viewer)
{
    janus_refcount_decrease(&viewer->ref);
}

/* The hash table's destructor. */
static void viewer_drop(gpointer data)
{
    struct viewer *viewer = data;

    session_disconnect(&viewer->session);
    /* The next report would find nothing to tell of, but one may be under way. */
    pacer_cancel(pacer, &viewer->reports);
    viewer_release(viewer);
}

/* What is told to viewers */

static void push_notice(GThreadPool *pool, struct viewer *viewer, json_t *event, const char *transaction)
{
    struct notice *notice = g_new0(struct notice, 1);

    janus_refcount_increase(&viewer->ref);
    notice->viewer = viewer;
    notice->event = event;
    notice->transaction = g_strdup(transaction);
    g_thread_pool_push(pool, notice, NULL);
}

/* Takes over the reference to the event. */
static void notify(struct viewer *viewer, json_t *event, const char *transaction)
{
    push_notice(events, viewer, event, transaction);
}

static void notice_free(struct notice *notice)
{
    viewer_release(notice->viewer);
    json_decref(notice->event);
    g_free(notice->transaction);
    g_free(notice);
}

static void push_event(gpointer data, gpointer user_data)
{
    struct notice *notice = data;

    (void)user_data;
    /* When the core ends, its transports end before its plugins: there is nobody to tell. */
    if (!g_atomic_int_get(&stopping))
        gateway->push_event(notice->viewer->handle, &play_plugin, notice->transaction, notice->event, NULL);
    notice_free(notice);
}

static void push_offer(gpointer data, gpointer user_data)
{
    struct notice *notice = data;
    struct viewer *viewer = notice->viewer;
    char sdp[SDP_OFFER_MAX];

    (void)user_data;
    sdp_write_offer(sdp, viewer->sdp_id, ++viewer->offers);
    json_t *event = protocol_event("create.offer");
    json_t *jsep = protocol_offer(sdp);
    int error = gateway->push_event(viewer->handle, &play_plugin, notice->transaction, event, jsep);
    if (error)
        LOG_VIEWER(LOG_WARN, viewer, "the offer was not sent: error %d", error);
    json_decref(event);
    json_decref(jsep);
    g_atomic_int_set(&viewer->offering, 0);
    notice_free(notice);
}

/* The first packet of a play is what the viewer has waited for. */
static void note_first(struct viewer *viewer, bool video)
{
    int64_t asked = atomic_load_explicit(&viewer->asked, memory_order_relaxed);

    if (asked == 0 || video != atomic_load_explicit(&viewer->shows, memory_order_relaxed))
        return;
    metrics_observe(METRICS_FIRST_PACKET, clock_now() - asked);
    atomic_store_explicit(&viewer->asked, 0, memory_order_relaxed);
}

static void relay_packet(void *owner, bool video, uint8_t *packet, size_t size)
{
    struct viewer *viewer = owner;
    janus_plugin_rtp rtp = {.video = video, .buffer = (char *)packet, .length = (uint16_t)size};

#if JANUS_PLUGIN_API_VERSION >= 100
    rtp.mindex = -1; /* the only medium of its kind */
#endif
    janus_plugin_rtp_extensions_reset(&rtp.extensions);
    gateway->relay_rtp(viewer->handle, &rtp);
    metrics_count(video ? METRICS_VIDEO_PACKETS : METRICS_AUDIO_PACKETS, 1);
    metrics_count(video ? METRICS_VIDEO_BYTES : METRICS_AUDIO_BYTES, size);
    note_first(viewer, video);
}

static bool take_seat(struct reason *reason)
{
    if (g_atomic_int_add(&watching, 1) < max_viewers || max_viewers == 0)
        return true;
    g_atomic_int_add(&watching, -1);
    reason_set(reason, "%d viewers are watching, which is as many as may: try again later", max_viewers);
    return false;
}

static void leave_seat(void)
{
    g_atomic_int_add(&watching, -1);
}

static void play_ended(void *owner, enum session_end end, const struct session_item *last)
{
    struct viewer *viewer = owner;
    static const enum metrics_counter ended_by[] = {
        [SESSION_FINISHED] = METRICS_ENDED_FINISHED,
        [SESSION_FAILED] = METRICS_ENDED_FAILED,
        [SESSION_STOPPED] = METRICS_ENDED_STOPPED,
    };
    static const char *const verbs[] = {
        [SESSION_FINISHED] = "has played",
        [SESSION_FAILED] = "cannot go on with",
        [SESSION_STOPPED] = "stops",
    };
    bool failed = end == SESSION_FAILED;

    log_file(failed ? LOG_WARN : LOG_INFO, viewer, verbs[end], last->playlist->names[last->item],
             failed ? viewer->session.failure : NULL);
    metrics_count(ended_by[end], 1);
    leave_seat();
    if (end != SESSION_STOPPED && g_atomic_int_get(&viewer->is_explicit))
        notify(viewer, protocol_ended(last, end, viewer->session.failure), NULL);
    notify(viewer, protocol_event("exit.play"), NULL);
}

/* Has opened what the session wants. */
static void call_opener(void *owner)
{
    struct viewer *viewer = owner;

    janus_refcount_increase(&viewer->ref);
    g_thread_pool_push(openers, viewer, NULL);
}

static void item_began(void *owner, const struct session_item *item)
{
    if (!item->playlist->is_list)
        return;
    log_file(LOG_INFO, owner, "goes on with", item->playlist->names[item->item], NULL);
    notify(owner, protocol_item(item), NULL);
}

static void switched(void *owner, const struct session_item *item, bool more, unsigned lines)
{
    struct viewer *viewer = owner;

    metrics_count(more ? METRICS_SWITCHED_HIGHER : METRICS_SWITCHED_LOWER, 1);
    if (g_atomic_int_get(&viewer->is_explicit))
        notify(viewer, protocol_rendition(item, lines), NULL);
}

static const struct session_callbacks session_callbacks = {
    .send = relay_packet,
    .ended = play_ended,
    .near_end = call_opener,
    .item_began = item_began,
    .wants_rendition = call_opener,
    .switched = switched,
};

static int64_t advance(struct pacer_timer *timer, int64_t now)
{
    struct viewer *viewer = (struct viewer *)((char *)timer - offsetof(struct viewer, timer));

    return session_advance(&viewer->session, now);
}

static void report_position(struct viewer *viewer, int64_t now)
{
    struct session_status status;

    session_status(&viewer->session, now, &status);
    if (status.state != SESSION_READY)
        notify(viewer, protocol_position(&status), NULL);
    playlist_release(status.played.playlist);
}

static int64_t fire_report(struct pacer_timer *timer, int64_t now)
{
    struct viewer *viewer = (struct viewer *)((char *)timer - offsetof(struct viewer, reports));
    gint interval = g_atomic_int_get(&viewer->report_interval);

    if (interval == 0)
        return NEVER;
    report_position(viewer, now);
    return now + MILLISECONDS(interval);
}

/* Requests */

static janus_plugin_result *reply(json_t *content)
{
    return janus_plugin_result_new(JANUS_PLUGIN_OK, NULL, content);
}

static janus_plugin_result *acknowledge(void)
{
    return janus_plugin_result_new(JANUS_PLUGIN_OK_WAIT, NULL, NULL);
}

/* The core sends it with code 462. The result does not own its text, which the core reads on this thread
 * before it makes another request. */
static janus_plugin_result *error(const char *text)
{
    static _Thread_local struct reason last;

    reason_set(&last, "%s", text);
    return janus_plugin_result_new(JANUS_PLUGIN_ERROR, last.text, NULL);
}

static struct grant *read_grant(const char *token, struct reason *reason)
{
    return grant_read(token_secret, token, g_get_real_time() / G_USEC_PER_SEC, reason);
}

/* Before anything is looked for, so that an answer tells nothing of what there is. */
static bool may_play(const char *token, const char *name, struct reason *reason)
{
    struct grant *grant = read_grant(token, reason);

    if (!grant)
        return false;
    bool allowed = grant_allows(grant, name);
    if (!allowed)
        reason_set(reason, "the token does not allow this file");
    grant_free(grant);
    return allowed;
}

static void log_refusal(const struct viewer *viewer, const char *name, const struct reason *reason)
{
    log_file(LOG_WARN, viewer, "is refused", name, reason->text);
}

static enum path_status open_file(const char *token, const char *name, struct asset **asset, struct reason *reason)
{
    return may_play(token, name, reason) ? asset_open(library, name, asset, reason) : PATH_FORBIDDEN;
}

/* A position as clients give it; what is outside any file stays outside. */
static int64_t position_of(int64_t milliseconds)
{
    return MILLISECONDS(CLAMP(milliseconds, 0, G_MAXINT32));
}

/* Has a file follow what is being played; false, with a reason, when it cannot. That the viewer may play it was
 * seen when the list began. */
static bool follow_with(struct viewer *viewer, const struct session_item *next, unsigned play, struct reason *reason)
{
    const char *name = next->playlist->names[next->item];
    unsigned level = session_level(&viewer->session);
    struct rendition shown = {.asset = NULL};
    struct reason ignored;
    struct asset *asset;
    enum path_status status = asset_open(library, name, &asset, reason);

    if (status == PATH_NOT_FOUND)
        reason_set(reason, "there is no such file in the media folder");
    if (status != PATH_OPENED)
        return false;
    if (level > 0 && asset_count(asset, ASSET_VIDEO) > 0)
        rendition_open(library, name, asset, level, 0, &shown, &ignored);
    switch (session_follow(&viewer->session, play, next->item, asset, &shown, reason)) {
    case SESSION_TAKEN:
        return true;
    case SESSION_TOO_LATE:
        asset_release(asset);
        return true;
    case SESSION_UNFIT:
        asset_release(asset);
    }
    return false;
}

/* Opens what follows in a playlist, passing over what cannot be played. */
static void open_next(struct viewer *viewer)
{
    struct session_item next;
    struct reason reason;
    size_t candidates;
    unsigned play;

    if (!session_wants_next(&viewer->session, &next, &candidates, &play))
        return;
    while (candidates > 0 && !follow_with(viewer, &next, play, &reason)) {
        log_file(LOG_WARN, viewer, "passes over", next.playlist->names[next.item], reason.text);
        if (next.playlist->is_list)
            notify(viewer, protocol_skipped(&next, reason.text), NULL);
        next.item = (next.item + 1) % next.playlist->count;
        candidates--;
    }
    if (candidates == 0)
        session_follow(&viewer->session, play, 0, NULL, &(struct rendition){.asset = NULL}, &reason);
    playlist_release(next.playlist);
}

/* Opens another rendition of the film that is played, which is part of it: who may play the film may see it. */
static void open_rendition(struct viewer *viewer)
{
    struct rendition rendition = {.asset = NULL};
    struct session_wish wish;
    struct reason reason = {""};

    if (!session_wants_rendition(&viewer->session, &wish))
        return;
    const char *name = wish.item.playlist->names[wish.item.item];
    if (wish.level == 0)
        rendition.asset = asset_hold(wish.asset);
    else if (!rendition_open(library, name, wish.asset, wish.level, wish.rate, &rendition, &reason) && reason.text[0])
        log_file(LOG_WARN, viewer, "passes over a rendition of", name, reason.text);
    if (!session_show(&viewer->session, wish.asset, rendition.asset ? &rendition : NULL, clock_now()) && rendition.asset)
        asset_release(rendition.asset);
    asset_release(wish.asset);
    playlist_release(wish.item.playlist);
}

static void open_wanted(gpointer data, gpointer user_data)
{
    struct viewer *viewer = data;

    (void)user_data;
    open_next(viewer);
    open_rendition(viewer);
    viewer_release(viewer);
}

static janus_plugin_result *probe(const struct viewer *viewer, const struct command *command)
{
    struct probe found = {.status = PATH_FORBIDDEN};

    if (may_play(command->token, command->file, &found.reason))
        probe_files(prober, &command->file, 1, NEVER, &found);
    if (found.status == PATH_OPENED)
        return reply(protocol_probe_result(&found));
    if (found.status != PATH_NOT_FOUND)
        log_refusal(viewer, command->file, &found.reason);
    return reply(protocol_refusal(found.status, command->file, &found.reason));
}

static janus_plugin_result *list(const struct viewer *viewer, const struct command *command)
{
    enum path_status status = PATH_FORBIDDEN;
    struct listing *listing = NULL;
    struct reason reason;
    struct grant *grant = read_grant(command->token, &reason);

    if (grant) {
        status = listing_read(prober, media_root, command->folder, grant, (size_t)command->offset,
                              (size_t)command->limit, &listing, &reason);
        grant_free(grant);
    }
    if (!listing) {
        if (status != PATH_NOT_FOUND)
            log_refusal(viewer, command->folder, &reason);
        return reply(protocol_refusal(status, command->folder, &reason));
    }
    json_t *content = protocol_listing(listing);
    listing_free(listing);
    return reply(content);
}

static janus_plugin_result *offer(struct viewer *viewer, const char *transaction)
{
    if (g_atomic_int_compare_and_exchange(&viewer->offering, 0, 1))
        push_notice(offers, viewer, NULL, transaction);
    return acknowledge();
}

static janus_plugin_result *accept_answer(struct viewer *viewer, const struct command *command)
{
    struct sdp_answer answer;

    if (!sdp_parse_answer(command->sdp, &answer))
        return error("The answer has no media: answer the offer of create.offer");
    session_accept(&viewer->session, &answer);
    return acknowledge();
}

/* The first name of the list that the viewer may not play, or NULL. */
static const char *find_forbidden(const char *token, const struct playlist *playlist, struct reason *reason)
{
    for (size_t i = 0; i < playlist->count; i++)
        if (!may_play(token, playlist->names[i], reason))
            return playlist->names[i];
    return NULL;
}

static void note_began(struct viewer *viewer, int64_t asked, bool shows)
{
    metrics_count(METRICS_PLAYS, 1);
    atomic_store(&viewer->shows, shows);
    atomic_store(&viewer->asked, asked);
}

/* The file to be played first has to have a sound that is asked for; in the others it is taken where there is one. */
static bool has_sound(const struct asset *asset, const struct command *command, struct reason *reason)
{
    const struct index_choice choice = protocol_choice(command);
    unsigned number;

    return (command->sound < 0 && !command->language) ||
           index_choose_sound(asset_index(asset), &choice, &number, reason);
}

/* Has a file played from the position `start` on, in place of what is being played; NULL, or the reply that
 * refuses. */
static janus_plugin_result *begin_playing(struct viewer *viewer, const struct command *command)
{
    int64_t asked = clock_now();
    struct session_play play = {.loop = command->loop,
                                .choice = protocol_choice(command),
                                .played = {protocol_playlist(command), (size_t)command->item}};
    struct reason reason;
    const char *forbidden = find_forbidden(command->token, play.played.playlist, &reason);
    const char *name = forbidden ? forbidden : play.played.playlist->names[play.played.item];
    enum path_status status = forbidden ? PATH_FORBIDDEN : open_file(command->token, name, &play.asset, &reason);
    json_t *refusal = NULL;
    enum metrics_counter why = METRICS_REFUSED;

    /* Once it is played the names belong to the session. */
    log_file(LOG_INFO, viewer, "asks for", name, NULL);
    if (status == PATH_OPENED && !has_sound(play.asset, command, &reason)) {
        asset_release(play.asset);
        status = PATH_REFUSED;
    }
    if (status == PATH_FULL) {
        why = METRICS_FULL;
        refusal = command->is_explicit ? protocol_conflict(PROTOCOL_FULL, reason.text) : NULL;
    }
    if (status == PATH_OPENED) {
        seek_find(play.asset, position_of(command->start), false, &play.point);
        bool shows = asset_count(play.asset, ASSET_VIDEO) > 0;
        bool playing = session_state(&viewer->session) != SESSION_READY;
        if (playing && session_replace(&viewer->session, &play, &reason)) {
            note_began(viewer, asked, shows);
            return NULL;
        }
        if (session_state(&viewer->session) == SESSION_READY) {
            if (!take_seat(&reason)) {
                why = METRICS_FULL;
                refusal = command->is_explicit ? protocol_conflict(PROTOCOL_FULL, reason.text) : NULL;
            } else if (session_launch(&viewer->session, &play, &reason)) {
                note_began(viewer, asked, shows);
                return NULL;
            } else
                leave_seat();
        }
        asset_release(play.asset);
        status = PATH_REFUSED;
    }
    metrics_count(why, 1);
    if (status != PATH_NOT_FOUND)
        log_refusal(viewer, name, &reason);
    if (!refusal)
        refusal = protocol_refusal(status, name, &reason);
    playlist_release(play.played.playlist);
    return reply(refusal);
}

/* Play, pause and resume are the same request. */
static janus_plugin_result *toggle(struct viewer *viewer, const struct command *command, const char *transaction)
{
    int64_t now = clock_now();

    if (!session_is_connected(&viewer->session))
        return error("The PeerConnection is not up: ask for request.offer and answer it before ctrl.play");
    if (session_pause(&viewer->session, now)) {
        LOG_VIEWER(LOG_INFO, viewer, "pauses");
        notify(viewer, protocol_event("pause.play"), transaction);
        return acknowledge();
    }
    if (session_resume(&viewer->session, now)) {
        LOG_VIEWER(LOG_INFO, viewer, "resumes");
        notify(viewer, protocol_event("resume.play"), transaction);
        pacer_schedule(pacer, &viewer->timer, now);
        return acknowledge();
    }
    janus_plugin_result *refusal = begin_playing(viewer, command);
    if (refusal)
        return refusal;
    notify(viewer, protocol_event("launch.play"), transaction);
    /* Only now, so that the end of a short play is not told before its beginning. */
    pacer_schedule(pacer, &viewer->timer, clock_now());
    return acknowledge();
}

/* The status as it is now, in answer to a request that has been carried out. */
static janus_plugin_result *done(struct viewer *viewer)
{
    struct session_status status;

    session_status(&viewer->session, clock_now(), &status);
    json_t *content = protocol_done(&status);
    playlist_release(status.played.playlist);
    return reply(content);
}

static janus_plugin_result *nothing_is_played(void)
{
    return reply(protocol_conflict(PROTOCOL_CONFLICT, "nothing is being played: begin with ctrl.play"));
}

/* After what changes where the viewer is: he is sent what is due, and told if he wants to know. */
static void go_on_at_once(struct viewer *viewer)
{
    int64_t now = clock_now();

    pacer_schedule(pacer, &viewer->timer, now);
    if (g_atomic_int_get(&viewer->report_interval) > 0)
        report_position(viewer, now);
}

static janus_plugin_result *play_explicitly(struct viewer *viewer, const struct command *command)
{
    if (!session_is_connected(&viewer->session))
        return reply(protocol_conflict(PROTOCOL_CONFLICT, "the PeerConnection is not up: ask for request.offer and "
                                                          "answer it before ctrl.play"));
    janus_plugin_result *refusal = begin_playing(viewer, command);
    if (refusal)
        return refusal;
    janus_plugin_result *result = done(viewer);
    go_on_at_once(viewer);
    return result;
}

static janus_plugin_result *pause_or_resume(struct viewer *viewer, bool pauses)
{
    int64_t now = clock_now();
    bool changed = pauses ? session_pause(&viewer->session, now) : session_resume(&viewer->session, now);

    if (session_state(&viewer->session) == SESSION_READY)
        return nothing_is_played();
    janus_plugin_result *result = done(viewer);
    if (changed) {
        LOG_VIEWER(LOG_INFO, viewer, "%s", pauses ? "pauses" : "resumes");
        go_on_at_once(viewer);
    }
    return result;
}

static janus_plugin_result *seek(struct viewer *viewer, const struct command *command)
{
    struct seek_point point;
    struct session_status status;
    bool found = false;

    /* Meanwhile a playlist may go on to its next file. */
    while (!found) {
        struct asset *asset = session_asset(&viewer->session);
        if (!asset)
            return nothing_is_played();
        seek_find(asset, position_of(command->position), command->accurate, &point);
        found = session_seek(&viewer->session, asset, &point, clock_now());
        asset_release(asset);
    }
    LOG_VIEWER(LOG_INFO, viewer, "seeks to %" G_GINT64_FORMAT " ms", command->position);
    session_status(&viewer->session, clock_now(), &status);
    json_t *content = protocol_sought(&status, &point, command->accurate);
    playlist_release(status.played.playlist);
    go_on_at_once(viewer);
    return reply(content);
}

static janus_plugin_result *set_loop(struct viewer *viewer, bool loop)
{
    return session_set_loop(&viewer->session, loop) ? done(viewer) : nothing_is_played();
}

static janus_plugin_result *choose_sound(struct viewer *viewer, const struct command *command)
{
    const struct index_choice choice = protocol_choice(command);
    struct reason reason;

    if (session_state(&viewer->session) == SESSION_READY)
        return nothing_is_played();
    if (!session_choose_sound(&viewer->session, &choice, &reason))
        return reply(protocol_refusal(PATH_REFUSED, NULL, &reason));
    janus_plugin_result *result = done(viewer);
    go_on_at_once(viewer);
    return result;
}

static janus_plugin_result *set_reports(struct viewer *viewer, gint interval)
{
    g_atomic_int_set(&viewer->report_interval, interval);
    pacer_cancel(pacer, &viewer->reports);
    if (interval > 0)
        pacer_schedule(pacer, &viewer->reports, clock_now());
    return done(viewer);
}

static janus_plugin_result *carry_out(struct viewer *viewer, const struct command *command, const char *transaction)
{
    switch (command->type) {
    case COMMAND_PING:
        return reply(protocol_pong());
    case COMMAND_PROBE:
        return probe(viewer, command);
    case COMMAND_LIST:
        return list(viewer, command);
    case COMMAND_OFFER:
        return offer(viewer, transaction);
    case COMMAND_ANSWER:
        return accept_answer(viewer, command);
    case COMMAND_TOGGLE:
        return toggle(viewer, command, transaction);
    case COMMAND_STOP:
        session_stop(&viewer->session);
        return acknowledge();
    case COMMAND_PLAY:
        return play_explicitly(viewer, command);
    case COMMAND_PAUSE:
        return pause_or_resume(viewer, true);
    case COMMAND_RESUME:
        return pause_or_resume(viewer, false);
    case COMMAND_SEEK:
        return seek(viewer, command);
    case COMMAND_LOOP:
        return set_loop(viewer, command->loop);
    case COMMAND_SOUND:
        return choose_sound(viewer, command);
    case COMMAND_STATUS:
        return done(viewer);
    case COMMAND_REPORT:
        return set_reports(viewer, (gint)command->interval);
    }
    g_assert_not_reached();
}

static janus_plugin_result *answer_request(struct viewer *viewer, const char *transaction, const json_t *message,
                                           const json_t *jsep)
{
    struct command command;
    struct reason reason;
    janus_plugin_result *result;

    switch (protocol_parse(message, jsep, &command, &reason)) {
    case PROTOCOL_UNDERSTOOD:
        if (command.is_explicit)
            g_atomic_int_set(&viewer->is_explicit, 1);
        /* It may take seconds, and changes nothing for the viewer. */
        if (command.type == COMMAND_PROBE || command.type == COMMAND_LIST)
            return carry_out(viewer, &command, transaction);
        g_mutex_lock(&viewer->requests);
        result = carry_out(viewer, &command, transaction);
        g_mutex_unlock(&viewer->requests);
        return result;
    case PROTOCOL_REFUSED:
        return reply(protocol_refusal(PATH_REFUSED, NULL, &reason));
    case PROTOCOL_ERROR:
        return error(reason.text);
    }
    g_assert_not_reached();
}

/* Calls of the core */

static janus_plugin_result *play_handle_message(janus_plugin_session *handle, char *transaction, json_t *message,
                                                json_t *jsep)
{
    struct viewer *viewer = viewer_find(handle);
    janus_plugin_result *result;

    if (viewer) {
        result = answer_request(viewer, transaction, message, jsep);
        viewer_release(viewer);
    } else {
        result = error("The handle is gone");
    }
    g_free(transaction);
    json_decref(message);
    json_decref(jsep);
    return result;
}

static void play_create_session(janus_plugin_session *handle, int *failure)
{
    if (g_atomic_int_get(&stopping)) {
        *failure = -1;
        return;
    }
    struct viewer *viewer = g_new0(struct viewer, 1);
    viewer->handle = handle;
    viewer->id = read_id(handle);
    viewer->sdp_id = (guint64)g_get_real_time();
    viewer->timer.fire = advance;
    viewer->reports.fire = fire_report;
    g_mutex_init(&viewer->requests);
    session_init(&viewer->session, &session_callbacks, viewer);
    janus_refcount_init(&viewer->ref, viewer_free);
    handle->plugin_handle = viewer;
    g_mutex_lock(&living_mutex);
    living++;
    g_mutex_unlock(&living_mutex);
    janus_mutex_lock(&viewers_mutex);
    g_hash_table_insert(viewers, handle, viewer);
    janus_mutex_unlock(&viewers_mutex);
}

static void play_destroy_session(janus_plugin_session *handle, int *failure)
{
    struct viewer *viewer = viewer_find(handle);

    if (!viewer) {
        *failure = -1;
        return;
    }
    janus_mutex_lock(&viewers_mutex);
    g_hash_table_steal(viewers, handle);
    janus_mutex_unlock(&viewers_mutex);
    viewer_drop(viewer);
    viewer_release(viewer);
}

static json_t *play_query_session(janus_plugin_session *handle)
{
    struct viewer *viewer = viewer_find(handle);
    struct session_status status;

    if (!viewer)
        return NULL;
    session_status(&viewer->session, clock_now(), &status);
    json_t *info = protocol_query(&status);
    playlist_release(status.played.playlist);
    viewer_release(viewer);
    return info;
}

/* Whatever the request is: there is one thing to be asked. */
static json_t *play_handle_admin_message(json_t *message)
{
    char *text = metrics_text();
    json_t *answer = text ? json_pack("{s:s}", "metrics", text) : NULL;

    (void)message;
    free(text);
    return answer;
}

static void play_setup_media(janus_plugin_session *handle)
{
    struct viewer *viewer = viewer_find(handle);

    if (!viewer)
        return;
    session_connect(&viewer->session, clock_now());
    viewer_release(viewer);
}

/* After this returns the core frees what relay_rtp() uses; the session's lock has seen to it that none
 * is under way. */
static void play_hangup_media(janus_plugin_session *handle)
{
    struct viewer *viewer = viewer_find(handle);

    if (!viewer)
        return;
    session_disconnect(&viewer->session);
    viewer_release(viewer);
}

static void play_incoming_rtcp(janus_plugin_session *handle, janus_plugin_rtcp *packet)
{
    struct rtcp_feedback feedback;

    if (!packet->video)
        return;
    rtcp_read((const uint8_t *)packet->buffer, packet->length, &feedback);
    if (!feedback.wants_key_frame && feedback.report_count == 0 && !feedback.estimate)
        return;
    struct viewer *viewer = viewer_find(handle);
    if (!viewer)
        return;
    if (feedback.wants_key_frame)
        metrics_count(METRICS_KEY_FRAME_REQUESTS, 1);
    session_feedback(&viewer->session, &feedback, clock_now());
    viewer_release(viewer);
}

static const char *configured(janus_config *config, const char *name)
{
    janus_config_category *general = janus_config_get_create(config, NULL, janus_config_type_category, "general");
    janus_config_item *item = janus_config_get(config, general, janus_config_type_item, name);

    return item ? item->value : NULL;
}

static guint64 configured_number(janus_config *config, const char *name, guint64 otherwise)
{
    const char *text = configured(config, name);

    return text ? g_ascii_strtoull(text, NULL, 10) : otherwise;
}

/* What is configured for the library. */
struct settings {
    char *cache_root; /* of sound that was made; NULL: none */
    guint64 cache_bytes;
    guint64 max_files, max_memory;
};

static void read_config(const char *config_path, struct settings *settings)
{
    char *file = g_strdup_printf("%s/%s.jcfg", config_path, PACKAGE_ID);
    janus_config *config = janus_config_parse(file);

    if (config) {
        const char *viewers_allowed = configured(config, "max_viewers");
        max_viewers = viewers_allowed ? MAX(0, atoi(viewers_allowed)) : 0;
        settings->cache_bytes = configured_number(config, "cache_bytes", DEFAULT_CACHE_BYTES);
        settings->cache_root = g_strdup(configured(config, "cache_root"));
        settings->max_files = configured_number(config, "max_files", 0);
        settings->max_memory = configured_number(config, "max_memory", 0);
        media_root = g_strdup(configured(config, "media_root"));
        token_secret = g_strdup(configured(config, "token_auth_secret"));
        janus_config_destroy(config);
    }
    if (!media_root) {
        JANUS_LOG(LOG_WARN, LOG_PREFIX "no general.media_root in %s: using %s\n", file, DEFAULT_MEDIA_ROOT);
        media_root = g_strdup(DEFAULT_MEDIA_ROOT);
    }
    g_free(file);
}

static void release_resources(void)
{
    if (openers)
        g_thread_pool_free(openers, FALSE, TRUE);
    if (events)
        g_thread_pool_free(events, FALSE, TRUE);
    if (offers)
        g_thread_pool_free(offers, FALSE, TRUE);
    g_clear_pointer(&pacer, pacer_stop);
    g_clear_pointer(&library, library_close);
    g_clear_pointer(&prober, prober_close);
    g_clear_pointer(&viewers, g_hash_table_destroy);
    g_clear_pointer(&token_secret, g_free);
    g_clear_pointer(&media_root, g_free);
    events = offers = openers = NULL;
}

static int play_init(janus_callbacks *callbacks, const char *config_path)
{
    if (!callbacks || !config_path)
        return -1;
    gateway = callbacks;
    struct settings settings = {.cache_root = NULL};
    read_config(config_path, &settings);
    viewers = g_hash_table_new_full(NULL, NULL, NULL, viewer_drop);
    library = library_open(media_root, READERS, g_get_num_processors());
    prober = prober_open(media_root, READERS);
    pacer = pacer_start();
    events = g_thread_pool_new(push_event, NULL, 1, FALSE, NULL);
    offers = g_thread_pool_new(push_offer, NULL, -1, FALSE, NULL);
    openers = g_thread_pool_new(open_wanted, NULL, OPENERS, FALSE, NULL);
    if (!library || !prober || !pacer || !events || !offers || !openers) {
        JANUS_LOG(LOG_FATAL, LOG_PREFIX "cannot start its threads\n");
        release_resources();
        g_free(settings.cache_root);
        return -1;
    }
    library_limit(library, settings.max_files, settings.max_memory);
    if (settings.cache_root && !library_use_cache(library, settings.cache_root, settings.cache_bytes))
        JANUS_LOG(LOG_WARN, LOG_PREFIX "plays without a cache: %s: %s\n", settings.cache_root, g_strerror(errno));
    g_free(settings.cache_root);
    JANUS_LOG(LOG_INFO, LOG_PREFIX "plays the files in %s\n", media_root);
    return 0;
}

static void play_destroy(void)
{
    janus_mutex_lock(&viewers_mutex);
    g_atomic_int_set(&stopping, 1);
    g_hash_table_remove_all(viewers);
    janus_mutex_unlock(&viewers_mutex);
    /* The core does not wait for its threads that are still in handle_message(). */
    g_mutex_lock(&living_mutex);
    while (living > 0)
        g_cond_wait(&last_freed, &living_mutex);
    g_mutex_unlock(&living_mutex);
    release_resources();
}

static int play_get_api_compatibility(void)
{
    return JANUS_PLUGIN_API_VERSION;
}

static int play_get_version(void)
{
    return 1;
}

static const char *play_get_version_string(void)
{
    return "0.1.0";
}

static const char *play_get_description(void)
{
    return "Plays a file of the media folder to a viewer.";
}

static const char *play_get_name(void)
{
    return "Play";
}

static const char *play_get_author(void)
{
    return "The janus-deploy authors";
}

static const char *play_get_package(void)
{
    return PACKAGE_ID;
}

static janus_plugin play_plugin = {
    .init = play_init,
    .destroy = play_destroy,
    .get_api_compatibility = play_get_api_compatibility,
    .get_version = play_get_version,
    .get_version_string = play_get_version_string,
    .get_description = play_get_description,
    .get_name = play_get_name,
    .get_author = play_get_author,
    .get_package = play_get_package,
    .create_session = play_create_session,
    .handle_message = play_handle_message,
    .handle_admin_message = play_handle_admin_message,
    .setup_media = play_setup_media,
    .incoming_rtcp = play_incoming_rtcp,
    .hangup_media = play_hangup_media,
    .destroy_session = play_destroy_session,
    .query_session = play_query_session,
};

/* Looked up by name when the core loads the plugin. */
__attribute__((visibility("default"))) janus_plugin *create(void);

janus_plugin *create(void)
{
    return &play_plugin;
}
