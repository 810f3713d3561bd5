// Package shim reaches the constructor that the Terraform provider keeps in an internal package.
// Go allows that to packages below the provider's own module path, which this module's path is.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// Provider returns the Docker provider's Terraform schema and implementation.
func Provider(version string) *schema.Provider {
	return provider.New(version)()
}
