/* SPDX-License-Identifier: GPL-3.0-only */
/* The whole plugin, without a core. */
#include "../src/plugin.c"

#include "support/tap.h"

/* What the core's executable provides. */

int janus_log_level = LOG_NONE;
gboolean janus_log_timestamps, janus_log_colors;
char *janus_log_global_prefix;
int lock_debug, refcount_debug;

void janus_vprintf(const char *format, ...)
{
    (void)format;
}

janus_plugin_result *janus_plugin_result_new(janus_plugin_result_type type, const char *text, json_t *content)
{
    janus_plugin_result *result = g_new0(janus_plugin_result, 1);

    *result = (janus_plugin_result){.type = type, .text = text, .content = content};
    return result;
}

int main(void)
{
    static janus_callbacks callbacks;
    janus_plugin_session handle = {0};
    janus_plugin *plugin = create();
    janus_plugin_result *result;
    int error = 0;

    check_int(plugin->get_api_compatibility(), JANUS_PLUGIN_API_VERSION, "it is made for this core");
    check_text(plugin->get_package(), "janus.plugin.skeleton", "it has the name that clients attach to");
    check_int(plugin->init(&callbacks, "/config"), 0, "it starts");
    plugin->create_session(&handle, &error);
    check_int(error, 0, "it takes a viewer");

    result = plugin->handle_message(&handle, g_strdup("t"), json_pack("{ss}", "request", "ping"), NULL);
    check_int(result->type, JANUS_PLUGIN_OK, "it answers at once");
    check_text(json_string_value(json_object_get(json_object_get(result->content, "message"), "request")), "ping",
               "with the message");
    json_decref(result->content);
    g_free(result);

    plugin->destroy_session(&handle, &error);
    plugin->destroy();
    return tap_end();
}
