module janus-deploy/toolchain/provider-command

go 1.26

require github.com/pulumi/pulumi-go-provider v1.4.0
