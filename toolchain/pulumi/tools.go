//go:build tools

// Package tools pins the Pulumi CLI in this module's go.mod; it is built from there and never imported.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
