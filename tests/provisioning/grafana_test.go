package provisioning

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// A rule may read this many times its interval: rules that read weeks must be evaluated hourly.
const readPerIntervalMax = 400

type alerts struct {
	Groups []struct {
		Name     string
		Interval string
		Rules    []struct {
			UID          string
			Labels       map[string]string
			ExecErrState string
			For          string
			Data         []struct {
				DatasourceUID     string `json:"datasourceUid"`
				RelativeTimeRange struct{ From, To int64 }
			}
		}
	}
}

type sources struct {
	Datasources []struct {
		UID       string
		IsDefault bool
	}
}

// Without a Prometheus, nothing provisioned queries one, and no data source claims to be the default.
func TestGrafanaAsksOnlyWhatIsThere(t *testing.T) {
	grafana := filepath.Join(folder, "grafana")
	own := uids(t, filepath.Join(grafana, "datasources"))
	prometheus := uids(t, filepath.Join(grafana, "with-prometheus", "datasources"))
	if !slices.Equal(own, []string{"footfall"}) || !slices.Equal(prometheus, []string{"prometheus"}) {
		t.Fatalf("data sources: %v, and with a Prometheus %v", own, prometheus)
	}
	checkAlerts(t, filepath.Join(grafana, "alerting"), own)
	checkAlerts(t, filepath.Join(grafana, "with-prometheus", "alerting"), prometheus)
}

func uids(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	each(t, folder, func(file string, text []byte) {
		var provisioned sources
		read(t, file, text, &provisioned)
		for _, source := range provisioned.Datasources {
			if source.IsDefault {
				t.Errorf("%s: a Grafana with another default data source would not start", file)
			}
			found = append(found, source.UID)
		}
	})
	return found
}

func checkAlerts(t *testing.T, folder string, known []string) {
	t.Helper()
	rules := 0
	each(t, folder, func(file string, text []byte) {
		var provisioned alerts
		read(t, file, text, &provisioned)
		for _, group := range provisioned.Groups {
			interval, err := time.ParseDuration(group.Interval)
			if err != nil {
				t.Fatalf("%s, %s: %v", file, group.Name, err)
			}
			for _, rule := range group.Rules {
				rules++
				if rule.Labels["severity"] == "" || rule.Labels["service"] != "footfall" {
					t.Errorf("%s: labels %v lack service or severity for routing", rule.UID, rule.Labels)
				}
				if pending, err := time.ParseDuration(rule.For); err != nil || (pending > 0 && pending < interval) {
					t.Errorf("%s: for %q with an interval of %v", rule.UID, rule.For, interval)
				}
				var seconds int64
				for _, query := range rule.Data {
					if query.DatasourceUID != "__expr__" && !slices.Contains(known, query.DatasourceUID) {
						t.Errorf("%s queries the data source %q, but only %v are provisioned", rule.UID, query.DatasourceUID, known)
					}
					seconds += query.RelativeTimeRange.From - query.RelativeTimeRange.To
				}
				if seconds > readPerIntervalMax*int64(interval.Seconds()) {
					t.Errorf("%s reads %d s of events every %v", rule.UID, seconds, interval)
				}
			}
		}
	})
	if rules == 0 {
		t.Errorf("%s has no rules", folder)
	}
}

// The service has every environment variable that a mounted file uses.
func TestGrafanasFilesFindTheirVariables(t *testing.T) {
	grafana := load(t, []string{"compose.yaml"}).Services["grafana"]
	sources := 0
	for _, volume := range grafana.Volumes {
		if !strings.HasPrefix(volume.Target, "/etc/grafana/provisioning/datasources") {
			continue
		}
		sources++
		text, err := os.ReadFile(volume.Source)
		if err != nil {
			t.Fatal(err)
		}
		os.Expand(string(text), func(name string) string {
			if value := grafana.Environment[name]; value == nil || *value == "" {
				t.Errorf("%s: Grafana has no %s", volume.Source, name)
			}
			return ""
		})
	}
	if sources != 2 {
		t.Errorf("%d data source files are mounted, expected two", sources)
	}
}

func each(t *testing.T, folder string, read func(file string, text []byte)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no files: %v", folder, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read(file, text)
	}
}

func read(t *testing.T, file string, text []byte, into any) {
	t.Helper()
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
