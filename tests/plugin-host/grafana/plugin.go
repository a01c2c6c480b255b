// Package grafana starts a datasource plugin exactly as Grafana does, with hashicorp/go-plugin
// and Grafana's own Go SDK.
package grafana

import (
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
)

// Plugin is a running plugin process.
type Plugin struct {
	Process *goplugin.Client
	RPC     goplugin.ClientProtocol
}

// Start does what Grafana's pkg/plugins/backendplugin/grpcplugin/client.go does. The log receives all
// output of the plugin and go-plugin.
func Start(path string, log io.Writer, environment ...string) (*Plugin, error) {
	command := exec.Command(path)
	command.Env = append(os.Environ(), environment...)
	process := goplugin.NewClient(&goplugin.ClientConfig{
		Cmd:             command,
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: 2, MagicCookieKey: "grafana_plugin_type", MagicCookieValue: "datasource"},
		VersionedPlugins: map[int]goplugin.PluginSet{2: {
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
			"resource":    &grpcplugin.ResourceGRPCPlugin{},
			"data":        &grpcplugin.DataGRPCPlugin{},
			"stream":      &grpcplugin.StreamGRPCPlugin{},
		}},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: log}),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
	})
	rpc, err := process.Client()
	if err != nil {
		process.Kill()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return &Plugin{process, rpc}, nil
}

// Service returns one of the plugin's services: data, resource, diagnostics or stream.
func Service[T any](plugin *Plugin, name string) (T, error) {
	var none T
	raw, err := plugin.RPC.Dispense(name)
	if err != nil {
		return none, err
	}
	service, ok := raw.(T)
	if !ok {
		return none, fmt.Errorf("%s is a %T", name, raw)
	}
	return service, nil
}
