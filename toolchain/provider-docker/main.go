// Serves the Terraform Docker provider to Pulumi under the tokens and property names of the published
// @pulumi/docker SDK, for machines that cannot download the published plugin.
package main

import (
	_ "embed"

	tfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-providers/terraform-provider-docker/shim"
)

// version is that of the published SDK this plugin stands in for; set at build time.
var version = "0.0.0"

func member(module, name string) tokens.Type {
	file := string(name[0]|0x20) + name[1:]
	return tokens.Type("docker:" + module + "/" + file + ":" + name)
}

func provider() tfbridge.ProviderInfo {
	resource := func(name string, fields map[string]*tfbridge.SchemaInfo) *tfbridge.ResourceInfo {
		return &tfbridge.ResourceInfo{Tok: member("index", name), Fields: fields}
	}
	container := resource("Container", map[string]*tfbridge.SchemaInfo{
		// The published SDK keeps these two as the provider spells them, not pluralised.
		"command":           {Name: "command"},
		"networks_advanced": {Name: "networksAdvanced"},
	})
	// A container's name and ports are taken as long as the old one is there.
	container.DeleteBeforeReplace = true
	image := resource("RemoteImage", map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}})

	return tfbridge.ProviderInfo{
		P:           shimv2.NewProvider(shim.Provider(version)),
		Name:        "docker",
		Version:     version,
		DisplayName: "Docker",
		Config: map[string]*tfbridge.SchemaInfo{
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_container":      container,
			"docker_image":          image,
			"docker_network":        resource("Network", nil),
			"docker_volume":         resource("Volume", nil),
			"docker_service":        resource("Service", nil),
			"docker_config":         resource("ServiceConfig", nil),
			"docker_secret":         resource("Secret", nil),
			"docker_tag":            resource("Tag", nil),
			"docker_registry_image": resource("RegistryImage", nil),
		},
		IgnoreMappings: []string{
			"docker_plugin", "docker_buildx_builder", "docker_compose",
			"docker_image", "docker_network", "docker_plugin", "docker_registry_image",
		},
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
	}
}

func main() {
	tfbridge.Main("docker", version, provider(), []byte(`{"name":"docker"}`))
}
