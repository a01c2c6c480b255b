// Parses the files in provisioning/ that need a Docker engine or a cluster to run, with the
// libraries that Docker Compose and Kubernetes use themselves.
package provisioning

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const folder = "../../provisioning"

func TestCompose(t *testing.T) {
	for name, expected := range map[string]struct{ files, services []string }{
		"direct": {[]string{"compose.yaml"}, []string{"clickhouse", "gateway", "grafana", "nginx", "prometheus"}},
		"kafka": {[]string{"compose.yaml", "compose.kafka.yaml"},
			[]string{"clickhouse", "gateway", "grafana", "kafka", "nginx", "prometheus", "tables", "topics", "vector"}},
		"footfall-vector": {[]string{"compose.yaml", "compose.kafka.yaml", "compose.vector.yaml"},
			[]string{"clickhouse", "gateway", "grafana", "kafka", "nginx", "prometheus", "tables", "topics", "vector"}},
	} {
		t.Run(name, func(t *testing.T) {
			project := load(t, expected.files)
			if names := project.ServiceNames(); !slices.Equal(names, expected.services) {
				t.Errorf("services: %v", names)
			}
			for _, service := range project.Services {
				check(t, project, service)
			}
		})
	}
}

// load reads the files like `docker compose`, with the variables that make-env.sh generates.
func load(t *testing.T, files []string) *types.Project {
	t.Helper()
	paths := make([]string, len(files))
	for at, file := range files {
		paths[at] = filepath.Join(folder, file)
	}
	options, err := cli.NewProjectOptions(paths, cli.WithEnv(environment(t)))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func environment(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

var pinned = regexp.MustCompile(`:[0-9v][^:]*$`)

// Created by `cargo xtask package` and make-env.sh.
var madeBefore = regexp.MustCompile(`/target/|/provisioning/tls$`)

func check(t *testing.T, project *types.Project, service types.ServiceConfig) {
	t.Helper()
	if !pinned.MatchString(service.Image) {
		t.Errorf("%s: the image %q is not pinned", service.Name, service.Image)
	}
	// A service that runs once and exits needs no health check.
	once := service.Restart == ""
	if !once && service.HealthCheck == nil {
		t.Errorf("%s: no health check", service.Name)
	}
	for _, volume := range service.Volumes {
		if volume.Type != types.VolumeTypeBind {
			continue
		}
		if _, err := os.Stat(volume.Source); err != nil && !madeBefore.MatchString(volume.Source) {
			t.Errorf("%s: %v", service.Name, err)
		}
	}
	for name, dependency := range service.DependsOn {
		other := project.Services[name]
		if dependency.Condition == types.ServiceConditionHealthy && other.HealthCheck == nil {
			t.Errorf("%s waits for %s to be healthy, which has no health check", service.Name, name)
		}
		if dependency.Condition == types.ServiceConditionCompletedSuccessfully && other.Restart != "" {
			t.Errorf("%s waits for %s to complete, which restarts", service.Name, name)
		}
	}
}
