/*
 * Says whether Janus can use plugins: each is loaded with every symbol that it refers to, has `create`, and is made for
 * the plugin API of the headers that this is compiled with. Linked to stand-ins for the symbols that Janus exports.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <plugins/plugin.h>

static const char *problem(const char *path) {
	static char text[200];
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return dlerror();
	create_p *create = (create_p *)dlsym(library, "create");
	if (create == NULL)
		return "it exports no function create";
	janus_plugin *plugin = create();
	if (plugin == NULL)
		return "create gives no plugin";
	int version = plugin->get_api_compatibility();
	if (version == JANUS_PLUGIN_API_VERSION)
		return NULL;
	snprintf(text, sizeof(text), "it is made for version %d of the plugin API, and the gateway has version %d", version,
		JANUS_PLUGIN_API_VERSION);
	return text;
}

int main(int count, char **paths) {
	int status = 0;
	for (int i = 1; i < count; i++) {
		const char *found = problem(paths[i]);
		if (found == NULL)
			continue;
		const char *slash = strrchr(paths[i], '/');
		fprintf(stderr, "Janus cannot use %s: %s\n", slash == NULL ? paths[i] : slash + 1, found);
		status = 1;
	}
	return status;
}
