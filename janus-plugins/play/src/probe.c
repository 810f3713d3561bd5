/* SPDX-License-Identifier: GPL-3.0-only */
#include "probe.h"

#include <unistd.h>

#include <glib.h>

#include "clock.h"
#include "file.h"
#include "workers.h"

/* How many files are remembered. */
#define REMEMBERED 16384

/* As many threads can be stuck in disks that do not answer. */
#define STUCK_MAX 16

/* To look into a file takes time that nobody who watches should miss. */
#define NICENESS 10
/* Those who ask take turns of this length. */
#define TURN MILLISECONDS(10)

struct prober {
    char *root;
    unsigned threads;
    struct workers *workers;
    GMutex lock;
    GHashTable *memory; /* of struct memory, by its identity */
    GQueue oldest;      /* the same, in the order they came */
};

struct memory {
    struct file_identity identity;
    struct probe probe;
};

/* What one request wants to know. The threads may be at it when nobody waits any more. */
struct survey {
    struct prober *prober;
    GMutex lock;
    GCond changed;
    unsigned references;
    bool abandoned;
    size_t next, done, count;
    char **names;
    struct probe *probes;
    struct turn {
        struct job job;
        struct survey *survey;
    } turns[];
};

static guint hash_identity(gconstpointer key)
{
    const struct file_identity *identity = key;

    return (guint)(identity->inode * 31 + identity->device) * 31 + (guint)identity->modified.tv_nsec;
}

static gboolean equal_identity(gconstpointer a, gconstpointer b)
{
    return file_is_same(a, b);
}

static bool recall(struct prober *prober, const struct file_identity *identity, struct probe *probe)
{
    g_mutex_lock(&prober->lock);
    const struct memory *memory = g_hash_table_lookup(prober->memory, identity);
    if (memory)
        *probe = memory->probe;
    g_mutex_unlock(&prober->lock);
    return memory;
}

static void remember(struct prober *prober, const struct file_identity *identity, const struct probe *probe)
{
    g_mutex_lock(&prober->lock);
    if (!g_hash_table_contains(prober->memory, identity)) {
        if (prober->oldest.length == REMEMBERED)
            g_hash_table_remove(prober->memory, g_queue_pop_head(&prober->oldest));
        struct memory *memory = g_new(struct memory, 1);
        *memory = (struct memory){*identity, *probe};
        g_hash_table_insert(prober->memory, memory, memory);
        g_queue_push_tail(&prober->oldest, memory);
    }
    g_mutex_unlock(&prober->lock);
}

static void read_probe(int fd, struct probe *probe)
{
    struct media_index *index = index_read(fd, &probe->reason);

    if (!index) {
        probe->status = PATH_REFUSED;
        return;
    }
    probe->has_picture = index->video.count > 0;
    probe->streams = index->streams;
    probe->duration = index->duration;
    probe->end = index_end(index);
    index_list_sounds(index, &probe->sounds);
    index_free(index);
}

static struct probe look(struct prober *prober, const char *name)
{
    struct probe probe = {.done = true, .size = -1};
    struct stat found;
    int fd;

    probe.status = path_open(prober->root, name, &fd, &probe.reason);
    if (probe.status != PATH_OPENED)
        return probe;
    if (fstat(fd, &found) < 0) {
        probe.status = PATH_NOT_FOUND;
    } else {
        const struct file_identity identity = file_identity_of(&found);
        probe.size = found.st_size;
        if (!recall(prober, &identity, &probe)) {
            read_probe(fd, &probe);
            remember(prober, &identity, &probe);
        }
    }
    close(fd);
    return probe;
}

static void survey_free(struct survey *survey)
{
    g_strfreev(survey->names);
    g_free(survey->probes);
    g_mutex_clear(&survey->lock);
    g_cond_clear(&survey->changed);
    g_free(survey);
}

static void survey_release(struct survey *survey)
{
    g_mutex_lock(&survey->lock);
    bool last = --survey->references == 0;
    g_mutex_unlock(&survey->lock);
    if (last)
        survey_free(survey);
}

/* The next file to be looked into; false when there is none, or nobody wants to know. */
static bool take_next(struct survey *survey, size_t *item)
{
    g_mutex_lock(&survey->lock);
    bool taken = !survey->abandoned && survey->next < survey->count;
    if (taken)
        *item = survey->next++;
    g_mutex_unlock(&survey->lock);
    return taken;
}

static void take_turn(struct job *job)
{
    struct survey *survey = ((struct turn *)job)->survey;
    int64_t end = clock_now() + TURN;
    size_t item;

    while (take_next(survey, &item)) {
        const struct probe probe = look(survey->prober, survey->names[item]);
        g_mutex_lock(&survey->lock);
        survey->probes[item] = probe;
        if (++survey->done == survey->count)
            g_cond_signal(&survey->changed);
        g_mutex_unlock(&survey->lock);
        if (clock_now() >= end) {
            workers_submit(survey->prober->workers, job, false);
            return;
        }
    }
    survey_release(survey);
}

static struct survey *survey_new(struct prober *prober, const char *const *names, size_t count)
{
    struct survey *survey = g_malloc0(sizeof *survey + prober->threads * sizeof survey->turns[0]);

    survey->prober = prober;
    g_mutex_init(&survey->lock);
    g_cond_init(&survey->changed);
    survey->references = 1;
    survey->count = count;
    survey->probes = g_new0(struct probe, count);
    survey->names = g_new0(char *, count + 1);
    for (size_t i = 0; i < count; i++)
        survey->names[i] = g_strdup(names[i]);
    return survey;
}

void probe_files(struct prober *prober, const char *const *names, size_t count, int64_t until, struct probe *probes)
{
    struct survey *survey = survey_new(prober, names, count);
    unsigned turns = count < prober->threads ? (unsigned)count : prober->threads;

    survey->references += turns;
    for (unsigned i = 0; i < turns; i++) {
        survey->turns[i] = (struct turn){.job.run = take_turn, .survey = survey};
        workers_submit(prober->workers, &survey->turns[i].job, false);
    }
    g_mutex_lock(&survey->lock);
    while (survey->done < count && clock_now() < until)
        g_cond_wait_until(&survey->changed, &survey->lock, g_get_monotonic_time() + (until - clock_now()) / 1000);
    survey->abandoned = true;
    for (size_t i = 0; i < count; i++)
        probes[i] = survey->probes[i];
    g_mutex_unlock(&survey->lock);
    survey_release(survey);
}

struct prober *prober_open(const char *root, unsigned threads)
{
    struct workers *workers = workers_start(threads, threads + STUCK_MAX, NICENESS);

    if (!workers)
        return NULL;
    struct prober *prober = g_new0(struct prober, 1);
    prober->root = g_strdup(root);
    prober->threads = threads;
    prober->workers = workers;
    g_mutex_init(&prober->lock);
    g_queue_init(&prober->oldest);
    prober->memory = g_hash_table_new_full(hash_identity, equal_identity, NULL, g_free);
    return prober;
}

void prober_close(struct prober *prober)
{
    workers_stop(prober->workers);
    g_queue_clear(&prober->oldest);
    g_hash_table_destroy(prober->memory);
    g_mutex_clear(&prober->lock);
    g_free(prober->root);
    g_free(prober);
}
