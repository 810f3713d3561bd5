// Serves command:local:Command to Pulumi under the token and property names of the published
// @pulumi/command SDK, for machines that cannot download the published plugin.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// version is that of the published SDK this plugin stands in for; set at build time.
var version = "0.0.0"

// Command runs a shell command on this machine when it is created, updated and deleted.
type Command struct{}

// Args are the inputs of the published resource that this project uses; a test keeps the two lists equal.
type Args struct {
	Create      *string           `pulumi:"create,optional"`
	Update      *string           `pulumi:"update,optional"`
	Delete      *string           `pulumi:"delete,optional"`
	Dir         *string           `pulumi:"dir,optional"`
	Environment map[string]string `pulumi:"environment,optional"`
	Stdin       *string           `pulumi:"stdin,optional"`
	Triggers    *[]any            `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	// Accepted and of no effect: this provider never logs what a command prints.
	Logging *string `pulumi:"logging,optional"`
}

// State is the inputs and what the last command printed.
type State struct {
	Args
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Annotate gives the resource the published token.
func (c *Command) Annotate(a infer.Annotator) { a.SetToken("local", "Command") }

// Create runs the create command.
func (Command) Create(ctx context.Context, req infer.CreateRequest[Args]) (infer.CreateResponse[State], error) {
	state := State{Args: req.Inputs}
	id, err := resource.NewUniqueHex("command", 8, 0)
	if err != nil || req.DryRun {
		return infer.CreateResponse[State]{ID: id, Output: state}, err
	}
	err = run(ctx, req.Inputs.Create, req.Inputs, &state)
	return infer.CreateResponse[State]{ID: id, Output: state}, err
}

// Update runs the update command, or the create command again where there is none.
func (Command) Update(ctx context.Context, req infer.UpdateRequest[Args, State]) (infer.UpdateResponse[State], error) {
	state := State{Args: req.Inputs, Stdout: req.State.Stdout, Stderr: req.State.Stderr}
	if req.DryRun {
		return infer.UpdateResponse[State]{Output: state}, nil
	}
	command := req.Inputs.Update
	if command == nil {
		command = req.Inputs.Create
	}
	err := run(ctx, command, req.Inputs, &state)
	return infer.UpdateResponse[State]{Output: state}, err
}

// Delete runs the delete command.
func (Command) Delete(ctx context.Context, req infer.DeleteRequest[State]) (infer.DeleteResponse, error) {
	state := req.State
	return infer.DeleteResponse{}, run(ctx, req.State.Delete, req.State.Args, &state)
}

func run(ctx context.Context, command *string, args Args, state *State) error {
	if command == nil {
		return nil
	}
	shell := exec.CommandContext(ctx, "/bin/sh", "-c", *command)
	if args.Dir != nil {
		shell.Dir = *args.Dir
	}
	shell.Env = append(os.Environ(), "PULUMI_COMMAND_STDOUT="+state.Stdout, "PULUMI_COMMAND_STDERR="+state.Stderr)
	for name, value := range args.Environment {
		shell.Env = append(shell.Env, name+"="+value)
	}
	if args.Stdin != nil {
		shell.Stdin = strings.NewReader(*args.Stdin)
	}
	var stdout, stderr bytes.Buffer
	shell.Stdout, shell.Stderr = &stdout, &stderr
	if err := shell.Run(); err != nil {
		return fmt.Errorf("%w: running %q:\n%s%s", err, *command, stdout.String(), stderr.String())
	}
	state.Stdout = strings.TrimSuffix(stdout.String(), "\n")
	state.Stderr = strings.TrimSuffix(stderr.String(), "\n")
	return nil
}

func main() {
	provider, err := infer.NewProviderBuilder().
		WithResources(infer.Resource(Command{})).
		Build()
	if err == nil {
		err = p.RunProvider(context.Background(), "command", version, provider)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
