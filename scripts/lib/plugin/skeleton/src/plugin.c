/* SPDX-License-Identifier: GPL-3.0-only */
/* janus.plugin.skeleton: answers every message with what was in it. */
#include <plugins/plugin.h>

#include <debug.h>
#include <jansson.h>

#define PACKAGE_ID "janus.plugin.skeleton"

static janus_callbacks *core;

static int skeleton_init(janus_callbacks *callbacks, const char *configuration_folder)
{
    (void)configuration_folder;
    core = callbacks;
    JANUS_LOG(LOG_INFO, PACKAGE_ID " is there\n");
    return 0;
}

static void skeleton_destroy(void)
{
    core = NULL;
}

static int skeleton_get_api_compatibility(void)
{
    return JANUS_PLUGIN_API_VERSION;
}

static int skeleton_get_version(void)
{
    return 1;
}

static const char *skeleton_get_version_string(void)
{
    return "0.1.0";
}

static const char *skeleton_get_description(void)
{
    return "Answers every message with what was in it.";
}

static const char *skeleton_get_name(void)
{
    return "skeleton";
}

static const char *skeleton_get_author(void)
{
    return "";
}

static const char *skeleton_get_package(void)
{
    return PACKAGE_ID;
}

/* What belongs to one viewer would hang on handle->plugin_handle. */
static void skeleton_create_session(janus_plugin_session *handle, int *error)
{
    (void)handle;
    (void)error;
}

static void skeleton_destroy_session(janus_plugin_session *handle, int *error)
{
    (void)handle;
    (void)error;
}

/* For the admin API. */
static json_t *skeleton_query_session(janus_plugin_session *handle)
{
    (void)handle;
    return json_object();
}

/* Called by several threads at a time; what comes in is the plugin's to free. */
static janus_plugin_result *skeleton_handle_message(janus_plugin_session *handle, char *transaction,
                                                    json_t *message, json_t *jsep)
{
    json_t *answer = json_pack("{ssso}", "skeleton", "answer", "message", message);

    (void)handle;
    g_free(transaction);
    if (jsep)
        json_decref(jsep);
    return janus_plugin_result_new(JANUS_PLUGIN_OK, NULL, answer);
}

/* Media can flow, and no more: on one of the core's loops, where nothing may wait. */
static void skeleton_setup_media(janus_plugin_session *handle)
{
    (void)handle;
}

static void skeleton_hangup_media(janus_plugin_session *handle)
{
    (void)handle;
}

static janus_plugin skeleton_plugin = {
    .init = skeleton_init,
    .destroy = skeleton_destroy,
    .get_api_compatibility = skeleton_get_api_compatibility,
    .get_version = skeleton_get_version,
    .get_version_string = skeleton_get_version_string,
    .get_description = skeleton_get_description,
    .get_name = skeleton_get_name,
    .get_author = skeleton_get_author,
    .get_package = skeleton_get_package,
    .create_session = skeleton_create_session,
    .handle_message = skeleton_handle_message,
    .setup_media = skeleton_setup_media,
    .hangup_media = skeleton_hangup_media,
    .destroy_session = skeleton_destroy_session,
    .query_session = skeleton_query_session,
};

/* Looked up by name when the core loads the plugin. */
__attribute__((visibility("default"))) janus_plugin *create(void);

janus_plugin *create(void)
{
    return &skeleton_plugin;
}
