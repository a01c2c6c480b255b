// Package host starts the datasource exactly as Grafana does, with hashicorp/go-plugin
// and Grafana's own Go SDK, and sends it real requests. It is outside the plugin's
// folder because Grafana's validator mistakes any plugin with Go files for a Go plugin.
package host

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"go.yaml.in/yaml/v3"

	"footfall/plugin-host/grafana"
)

// The data source's credentials: ClickHouse's read-only user.
func reader(t *testing.T) (username, password string) {
	t.Helper()
	return environment(t, "FOOTFALL_CLICKHOUSE_READER"), environment(t, "FOOTFALL_CLICKHOUSE_READER_PASSWORD")
}

type host struct {
	*grafana.Plugin
	log *lockedBuffer
}

type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.String()
}

func environment(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run this with `cargo xtask test`", name)
	}
	return value
}

func start(t *testing.T) *host {
	t.Helper()
	log := &lockedBuffer{}
	plugin, err := grafana.Start(environment(t, "FOOTFALL_PLUGIN"), log, "GF_PLUGIN_LOG_LEVEL=trace")
	if err != nil {
		t.Fatalf("%v\n%s", err, log.text())
	}
	t.Cleanup(plugin.Process.Kill)
	return &host{plugin, log}
}

func dispense[T any](t *testing.T, h *host, name string) T {
	t.Helper()
	service, err := grafana.Service[T](h.Plugin, name)
	if err != nil {
		t.Fatal(err)
	}
	return service
}

func pluginContext(t *testing.T, url string) *pluginv2.PluginContext {
	t.Helper()
	username, password := reader(t)
	return &pluginv2.PluginContext{
		OrgId: 1, PluginId: "footfall-analytics-datasource",
		// A role that the Rust SDK rejects, and an update time in the year 1.
		User: &pluginv2.User{Login: "viewer", Role: "None"},
		DataSourceInstanceSettings: &pluginv2.DataSourceInstanceSettings{
			Id: 1, Uid: "footfall", Name: "Footfall", Url: url, LastUpdatedMS: -62135596800000,
			JsonData:                []byte(`{"defaultProject":"website","tlsSkipVerify":false,"username":"` + username + `"}`),
			DecryptedSecureJsonData: map[string]string{"password": password},
		},
	}
}

func year() *pluginv2.TimeRange {
	now := time.Now()
	return &pluginv2.TimeRange{FromEpochMS: now.AddDate(-1, 0, -3).UnixMilli(), ToEpochMS: now.Add(time.Minute).UnixMilli()}
}

func query(refID, text string) *pluginv2.DataQuery {
	return &pluginv2.DataQuery{RefId: refID, IntervalMS: 86_400_000, MaxDataPoints: 1000, TimeRange: year(), Json: []byte(text)}
}

func (h *host) ask(t *testing.T, context_ *pluginv2.PluginContext, queries ...*pluginv2.DataQuery) backend.Responses {
	t.Helper()
	request := &pluginv2.QueryDataRequest{PluginContext: context_, Queries: queries}
	answer, err := dispense[grpcplugin.DataClient](t, h, "data").QueryData(context.Background(), request)
	if err != nil {
		t.Fatalf("the whole request failed: %v", err)
	}
	response, err := backend.FromProto().QueryDataResponse(answer)
	if err != nil {
		t.Fatalf("the frames cannot be read: %v", err)
	}
	return response.Responses
}

const funnel = `{"queryType":"funnel","steps":[{"event":"page_view","path":"/"},{"event":"page_view","path":"/pricing"},{"event":"sign_up"}]}`

func rows(t *testing.T, r backend.DataResponse) *data.Frame {
	t.Helper()
	if r.Error != nil {
		t.Fatalf("query failed: %v", r.Error)
	}
	if len(r.Frames) != 1 || r.Frames[0].Rows() == 0 {
		t.Fatalf("no rows: %v", r.Frames)
	}
	return r.Frames[0]
}

func TestPingAsGrafanaDoes(t *testing.T) {
	if err := start(t).RPC.Ping(); err != nil {
		t.Fatalf("go-plugin's health check: %v", err)
	}
}

func TestSessionsAndFunnelAsFrames(t *testing.T) {
	h := start(t)
	answers := h.ask(t, pluginContext(t, environment(t, "FOOTFALL_CLICKHOUSE")),
		query("A", `{"queryType":"sessions","result":"totals"}`),
		query("B", `{"queryType":"sessions","result":"over_time"}`),
		query("C", `{"queryType":"sessions","result":"by","dimension":"browser","limit":5}`),
		query("D", funnel))
	total, _ := rows(t, answers["A"]).Fields[0].ConcreteAt(0)
	overTime := rows(t, answers["B"])
	if overTime.TimeSeriesSchema().Type != data.TimeSeriesTypeWide {
		t.Errorf("sessions over time are not a time series for Grafana: %v", overTime.Fields)
	}
	var sum int64
	for at := 0; at < overTime.Rows(); at++ {
		count, _ := overTime.Fields[1].ConcreteAt(at)
		sum += count.(int64)
	}
	if sum != total.(int64) {
		t.Errorf("the buckets contain %d sessions, the total is %d", sum, total)
	}
	if got := rows(t, answers["C"]).Rows(); got != 5 {
		t.Errorf("requested 5 browsers, got %d", got)
	}
	steps := rows(t, answers["D"])
	first, _ := steps.Fields[1].ConcreteAt(0)
	last, _ := steps.Fields[1].ConcreteAt(2)
	if first.(int64) <= last.(int64) || last.(int64) == 0 {
		t.Errorf("the funnel has no drop-off: %v", steps.Fields[1])
	}
	if steps.Fields[2].Config == nil || steps.Fields[2].Config.Unit != "percentunit" {
		t.Errorf("the rate has no unit")
	}
	if !strings.Contains(steps.Meta.ExecutedQueryString, "{p0:") {
		t.Errorf("the inspector shows no statement: %q", steps.Meta.ExecutedQueryString)
	}
}

func TestOneBadRefIdDoesNotFailTheOthers(t *testing.T) {
	answers := start(t).ask(t, pluginContext(t, environment(t, "FOOTFALL_CLICKHOUSE")),
		query("good", `{"queryType":"sessions"}`),
		query("bad", `{"queryType":"funnel","steps":[]}`),
		query("broken", `{"queryType":`),
		&pluginv2.DataQuery{RefId: "timeless", Json: []byte(`{"queryType":"sessions"}`)})
	rows(t, answers["good"])
	for refID, expected := range map[string]string{
		"bad": "steps: 0 are given, a funnel has 2 to 32", "broken": "query: EOF", "timeless": "timeRange: there is none",
	} {
		if err := answers[refID].Error; err == nil || !strings.HasPrefix(err.Error(), expected) {
			t.Errorf("%s: %v", refID, err)
		}
		if answers[refID].Status != backend.StatusBadRequest {
			t.Errorf("%s: status %d", refID, answers[refID].Status)
		}
	}
}

func TestHostileNamesAreValues(t *testing.T) {
	h := start(t)
	for _, name := range []string{`'; DROP TABLE analytics.events; --`, `{p0:String}`, `\`, `a' OR '1'='1`, "tab\tnewline\n", `%`, "日本"} {
		text, _ := json.Marshal(name)
		step := `{"event":` + string(text) + `,"path":` + string(text) + `}`
		answers := h.ask(t, pluginContext(t, environment(t, "FOOTFALL_CLICKHOUSE")),
			query("A", `{"queryType":"funnel","project":"website","steps":[`+step+`,`+step+`]}`),
			query("B", `{"queryType":"sessions","project":`+string(text)+`}`),
			query("C", `{"queryType":"sessions","result":"by","dimension":"property:button"}`))
		count, _ := rows(t, answers["A"]).Fields[1].ConcreteAt(0)
		sessions, _ := rows(t, answers["B"]).Fields[0].ConcreteAt(0)
		if count.(int64) != 0 || sessions.(int64) != 0 {
			t.Errorf("%q matched something", name)
		}
		rows(t, answers["C"])
	}
}

// A query cancelled in Grafana must not keep running in ClickHouse.
func TestCancelKillsTheQuery(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	running := func() string {
		return clickhouse(t, url, "SELECT count() FROM system.processes WHERE startsWith(Settings['log_comment'], 'footfall-')")
	}
	slow := []string{}
	for n := 0; n < 450; n++ {
		slow = append(slow, `{"field":"property:button","op":"!~","value":"(a|b|c)+(d|e)*x`+strings.Repeat("y", n%7)+`$"}`)
	}
	text := `{"queryType":"funnel","steps":[{"event":"page_view"},{"event":"click"}],"filter":{"all":[` + strings.Join(slow, ",") + `]}}`
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		request := &pluginv2.QueryDataRequest{PluginContext: pluginContext(t, url), Queries: []*pluginv2.DataQuery{query("A", text)}}
		_, err := dispense[grpcplugin.DataClient](t, h, "data").QueryData(ctx, request)
		ended <- err
	}()
	for tries := 0; running() == "0"; tries++ {
		select {
		case err := <-ended:
			t.Fatalf("the slow query ended early: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; err == nil {
		t.Fatal("the query finished instead of being cancelled")
	}
	for deadline := time.Now().Add(20 * time.Second); running() != "0"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the query keeps running in ClickHouse")
		}
	}
}

func clickhouse(t *testing.T, url, sql string) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("default", environment(t, "FOOTFALL_CLICKHOUSE_PASSWORD"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("%v %s", err, body)
	}
	return strings.TrimSpace(string(body))
}

// Every query type returns the shape its panel needs.
func TestEveryTypeOfQuery(t *testing.T) {
	h := start(t)
	steps := `"steps":[{"event":"page_view","path":"/"},{"event":"page_view","path":"/pricing"},{"event":"sign_up"}]`
	for name, text := range map[string]string{
		"trend":       `{"queryType":"trend","interval":"week"}`,
		"formula":     `{"queryType":"trend","interval":"month","series":[{"event":"sign_up"},{"event":"page_view","measure":"visitors"}],"formula":"A/B"}`,
		"retention":   `{"queryType":"retention","interval":"month","firstTime":true}`,
		"lifecycle":   `{"queryType":"lifecycle","interval":"month"}`,
		"stickiness":  `{"queryType":"stickiness","interval":"month"}`,
		"paths":       `{"queryType":"paths","anchor":{"path":"/pricing"},"direction":"backward"}`,
		"events":      `{"queryType":"events","limit":5}`,
		"annotations": `{"queryType":"annotations","event":"purchase","limit":5}`,
		"breakdown":   `{"queryType":"funnel","breakdown":{"dimension":"country","attribution":"first"},` + steps + `}`,
		"histogram":   `{"queryType":"funnel","result":"histogram",` + steps + `}`,
		"entries":     `{"queryType":"funnel","result":"trend","interval":"month",` + steps + `}`,
		"actors":      `{"queryType":"funnel","result":"actors","step":3,"limit":7,` + steps + `}`,
	} {
		frame := rows(t, h.ask(t, pluginContext(t, environment(t, "FOOTFALL_CLICKHOUSE")), query("A", text))["A"])
		kind := frame.TimeSeriesSchema().Type
		switch name {
		case "lifecycle", "formula", "entries":
			if kind != data.TimeSeriesTypeWide {
				t.Errorf("%s is not a wide time series: %v", name, frame.Fields)
			}
		case "events", "annotations":
			if frame.Rows() != 5 || frame.Fields[0].Name != "time" {
				t.Errorf("%s: %v", name, frame.Fields)
			}
		case "actors":
			if frame.Rows() != 7 {
				t.Errorf("requested 7 actors, got %d", frame.Rows())
			}
		}
	}
}

func TestSqlReadsAndNothingElse(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	ask := func(sql string, variables map[string]any) backend.DataResponse {
		text, _ := json.Marshal(map[string]any{"queryType": "sql", "rawSql": sql, "variables": variables})
		return h.ask(t, pluginContext(t, url), query("A", string(text)))["A"]
	}
	over := rows(t, ask("SELECT $__timeInterval(ts) AS time, count() AS n, toUInt64(18446744073709551615) AS big, any(country) AS place, NULL AS nothing FROM analytics.events WHERE $__timeFilter(ts) AND event = {event:String} GROUP BY time ORDER BY time",
		map[string]any{"event": "page_view"}))
	if over.Rows() < 300 || over.Fields[0].Type() != data.FieldTypeTime || over.Fields[1].Type() != data.FieldTypeNullableFloat64 {
		t.Errorf("expected one row per day: %d, %v", over.Rows(), over.Fields)
	}
	hostile := `x'; DROP TABLE analytics.events; --`
	echoed, _ := rows(t, ask("SELECT {name:String} AS name", map[string]any{"name": hostile})).Fields[0].ConcreteAt(0)
	if echoed != hostile {
		t.Errorf("the variable is not passed as a value: %q", echoed)
	}
	for _, sql := range []string{"DROP TABLE analytics.dead_letters", "INSERT INTO analytics.dead_letters (project) VALUES ('x')", "TRUNCATE TABLE analytics.dead_letters", "SELECT 1; DROP TABLE analytics.dead_letters", "CREATE TABLE analytics.x (a UInt8) ENGINE = Memory", "SET readonly = 0"} {
		if err := ask(sql, nil).Error; err == nil {
			t.Errorf("%s was not refused", sql)
		}
	}
	if count := clickhouse(t, url, "EXISTS TABLE analytics.dead_letters"); count != "1" {
		t.Errorf("the table is gone: %s", count)
	}
	for sql, expected := range map[string]string{"SELECT $__nope": "rawSql: $__nope", "": "rawSql: it has 0 bytes", "SELECT nope": "Code: 47"} {
		if err := ask(sql, nil).Error; err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%q: %v", sql, err)
		}
	}
	cut := rows(t, ask("SELECT number FROM numbers(200000)", nil))
	if cut.Rows() != 100_000 || len(cut.Meta.Notices) != 1 || !strings.Contains(cut.Meta.Notices[0].Text, "row limit") {
		t.Errorf("%d rows with the notices %v", cut.Rows(), cut.Meta.Notices)
	}
}

// As people write variables: alone, in quotes, in lists, as a name; always values, and judged like any other text.
func TestVariablesInSql(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	ask := func(sql string, variables map[string]any) backend.DataResponse {
		text, _ := json.Marshal(map[string]any{"queryType": "sql", "rawSql": sql, "variables": variables})
		return h.ask(t, pluginContext(t, url), query("A", string(text)))["A"]
	}
	hostile := `x') OR 1=1; DROP TABLE analytics.events; -- \' "` + "`"
	for _, one := range []struct {
		sql       string
		variables map[string]any
		expected  string
	}{
		{"SELECT $name AS v", map[string]any{"name": hostile}, hostile},
		{"SELECT '<$name>' AS v", map[string]any{"name": hostile}, "<" + hostile + ">"},
		{"SELECT toString(number) AS v FROM numbers(9) WHERE toString(number) IN ($some) ORDER BY number DESC LIMIT $n", map[string]any{"some": []string{"3", "5", hostile}, "n": "1"}, "5"},
		{"SELECT toString(number) AS v FROM numbers(9) WHERE number IN ('$some') LIMIT 1", map[string]any{"some": []string{"3"}}, "3"},
		{"SELECT toString(${column:raw}) AS v FROM numbers(1)", map[string]any{"column": "number"}, "0"},
		{"SELECT toString($n + 1) AS v", map[string]any{"n": "41"}, "42"},
		{"SELECT toString(count()) AS v FROM numbers(3) WHERE $__conditionalAll(number IN ($some), $some)", map[string]any{"some": []string{""}}, "3"},
	} {
		text, _ := rows(t, ask(one.sql, one.variables)).Fields[0].ConcreteAt(0)
		if text != one.expected {
			t.Errorf("%s: %q", one.sql, text)
		}
	}
	// A name that is a value is judged as any other name.
	for sql, expected := range map[string]string{
		"SELECT * FROM ${table:raw} LIMIT 1": "may not be read",
		"SELECT * FROM \"$table\" LIMIT 1":   "may not be read",
		"SELECT $unknown":                    "the variable $unknown is not known",
	} {
		if err := ask(sql, map[string]any{"table": "system.users"}).Error; err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestHealth(t *testing.T) {
	h := start(t)
	diagnostics := dispense[grpcplugin.DiagnosticsClient](t, h, "diagnostics")
	check := func(url string) *pluginv2.CheckHealthResponse {
		answer, err := diagnostics.CheckHealth(context.Background(), &pluginv2.CheckHealthRequest{PluginContext: pluginContext(t, url)})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if good := check(environment(t, "FOOTFALL_CLICKHOUSE")); good.Status != pluginv2.CheckHealthResponse_OK || !strings.Contains(good.Message, "migration") {
		t.Errorf("%v", good)
	}
	if away := check("http://127.0.0.1:1"); away.Status != pluginv2.CheckHealthResponse_ERROR || !strings.Contains(away.Message, "does not answer") {
		t.Errorf("%v", away)
	}
	if wrong := check("ftp://x"); !strings.Contains(wrong.Message, "neither http nor https") {
		t.Errorf("%v", wrong)
	}
}

func TestResources(t *testing.T) {
	h := start(t)
	resource := dispense[grpcplugin.ResourceClient](t, h, "resource")
	for path, expected := range map[string]string{"projects": `"website"`, "events?project=website": `"sign_up"`, "dimensions": `"country"`, "nope": `"error"`,
		"properties?search=BUT": `["button"]`, "values?field=country&search=d": `"DE"`, "values?field=property:plan": `["pro"]`, "values?field=no": `field: \"no\" is not known`} {
		stream, err := resource.CallResource(context.Background(), &pluginv2.CallResourceRequest{
			PluginContext: pluginContext(t, environment(t, "FOOTFALL_CLICKHOUSE")), Method: "GET",
			Path: strings.SplitN(path, "?", 2)[0], Url: path,
		})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := stream.Recv()
		if err != nil || !strings.Contains(string(answer.Body), expected) {
			t.Errorf("%s: %v %s", path, err, answer.GetBody())
		}
	}
}

func TestStopsByItselfAndKeepsSecrets(t *testing.T) {
	h := start(t)
	_, password := reader(t)
	h.ask(t, pluginContext(t, environment(t, "FOOTFALL_CLICKHOUSE")), query("A", funnel))
	h.ask(t, pluginContext(t, "http://127.0.0.1:1"), query("A", funnel))
	started := time.Now()
	h.Process.Kill()
	if took := time.Since(started); took > 1500*time.Millisecond {
		t.Errorf("stopping took %s: go-plugin had to kill the process", took)
	}
	if text := h.log.text(); strings.Contains(text, password) || strings.Contains(text, "plugin failed to exit gracefully") {
		t.Errorf("the log contains the password, or go-plugin's complaint:\n%s", text)
	}
}

func TestRefusesToStartAlone(t *testing.T) {
	output, err := exec.Command(environment(t, "FOOTFALL_PLUGIN")).CombinedOutput()
	if err == nil || !strings.Contains(string(output), "started by Grafana") {
		t.Errorf("%v %s", err, output)
	}
}

// The parts of a dashboard that the tests read.
type dashboard struct {
	UID, Title, Description string
	Panels                  []struct {
		Title, Type, Description string
		Datasource               struct{ Type, UID string }
		FieldConfig              struct{ Defaults struct{ Unit string } }
		Targets                  []json.RawMessage
	}
	Templating struct {
		List []struct {
			Name, Type string
			Current    struct{ Value any }
		}
	}
}

// Every query of every dashboard runs through the plugin and returns rows in the shape its
// panel needs. Prometheus panels are skipped; the gateway's tests cover its metrics.
func TestDashboards(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "dashboards", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	// Realtime shows the last few minutes.
	clickhouse(t, url, "INSERT INTO analytics.events (project, ts, event, path, visitor, event_id) VALUES ('website', now64(3), 'page_view', '/now', 7, 7)")
	visitor := clickhouse(t, url, "SELECT visitor FROM analytics.events WHERE project = 'website' AND event = 'purchase' ORDER BY visitor LIMIT 1")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var board dashboard
		if err := json.Unmarshal(raw, &board); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		values := map[string]string{"project": "website", "visitor": visitor, "cohort": "buyers"}
		for _, variable := range board.Templating.List {
			if value, ok := variable.Current.Value.(string); ok && values[variable.Name] == "" {
				values[variable.Name] = value
			}
		}
		asked := 0
		for _, panel := range board.Panels {
			where := file + ", panel \"" + panel.Title + "\""
			if panel.Title == "" || panel.Description == "" || panel.FieldConfig.Defaults.Unit == "" {
				t.Errorf("%s: no title, description or unit", where)
			}
			if !strings.HasPrefix(panel.Datasource.UID, "${") {
				t.Errorf("%s: the data source is %q, not a variable", where, panel.Datasource.UID)
			}
			if panel.Datasource.Type == "prometheus" {
				continue
			}
			for _, target := range panel.Targets {
				answer := h.ask(t, pluginContext(t, url), query("A", filledIn(t, string(target), values)))["A"]
				if problem := fits(panel.Type, answer); problem != "" {
					t.Errorf("%s: %s", where, problem)
				}
				asked++
			}
		}
		if asked == 0 {
			t.Errorf("%s has no queries", file)
		}
	}
}

// filledIn does what Grafana's front end does before a query, and what ours does for SQL and traffic.
func filledIn(t *testing.T, target string, values map[string]string) string {
	t.Helper()
	for name, value := range values {
		target = strings.ReplaceAll(target, "${"+name+"}", value)
	}
	var query map[string]any
	if err := json.Unmarshal([]byte(target), &query); err != nil {
		t.Fatal(err)
	}
	if query["queryType"] == "sql" {
		query["variables"] = values
	}
	if query["traffic"] == "people" {
		query["filter"] = map[string]any{"field": "bot", "op": "is not set"}
	}
	delete(query, "traffic")
	text, err := json.Marshal(query)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fits says what the result lacks for a panel of this type; empty if the panel can draw it.
func fits(panel string, answer backend.DataResponse) string {
	if answer.Error != nil {
		return answer.Error.Error()
	}
	if len(answer.Frames) == 0 || answer.Frames[0].Rows() == 0 {
		return "no rows"
	}
	frame := answer.Frames[0]
	has := func(names ...string) bool {
		for _, name := range names {
			if field, _ := frame.FieldByName(name); field == nil {
				return false
			}
		}
		return true
	}
	text, number := false, false
	for _, field := range frame.Fields {
		text = text || field.Type().NonNullableType() == data.FieldTypeString
		number = number || field.Type().Numeric()
	}
	drawable := map[string]bool{
		"timeseries": frame.TimeSeriesSchema().Type == data.TimeSeriesTypeWide,
		"stat":       number,
		"bargauge":   text && number,
		"geomap":     has("country") && number,
		"table":      true, "footfall-funnel-panel": has("step", "count"),
		"footfall-retention-panel": has("cohort", "period", "count"),
		"footfall-paths-panel":     has("source", "target", "count"),
	}
	fine, known := drawable[panel]
	switch {
	case !known:
		return "unknown panel type " + panel
	case !fine:
		return "a " + panel + " cannot draw these fields"
	}
	return ""
}

// Identical concurrent queries of a dashboard's panels reach ClickHouse once.
func TestTheSameQuestionIsAskedOnce(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	same := []*pluginv2.DataQuery{}
	for _, refID := range []string{"A", "B", "C", "D"} {
		one := query(refID, `{"queryType":"sessions","result":"by","dimension":"country"}`)
		one.TimeRange = &pluginv2.TimeRange{FromEpochMS: year().FromEpochMS / 1e6 * 1e6, ToEpochMS: year().ToEpochMS / 1e6 * 1e6}
		same = append(same, one)
	}
	answers := h.ask(t, pluginContext(t, url), same...)
	for _, refID := range []string{"A", "B", "C", "D"} {
		if rows(t, answers[refID]).RefID != refID {
			t.Errorf("%s has another query's frame: %s", refID, answers[refID].Frames[0].RefID)
		}
	}
	metrics, err := dispense[grpcplugin.DiagnosticsClient](t, h, "diagnostics").CollectMetrics(context.Background(), &pluginv2.CollectMetricsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	text := string(metrics.Metrics.Prometheus)
	for _, expected := range []string{`footfall_datasource_queries_total{query_type="sessions",outcome="ok"} 1`, `footfall_datasource_queries_total{query_type="sessions",outcome="cached"} 3`} {
		if !strings.Contains(text, expected) {
			t.Errorf("%s is not in\n%s", expected, text)
		}
	}
}

// Sessions return the requested columns in order, including those of the previous period.
func TestChosenMeasures(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	frame := rows(t, h.ask(t, pluginContext(t, url), query("A", `{"queryType":"sessions","result":"over_time","measures":["bounce_rate","median_duration_s","sessions"],"compare":true}`))["A"])
	var names []string
	for _, field := range frame.Fields {
		names = append(names, field.Name)
	}
	expected := "time bounce_rate median_duration_s sessions previous_bounce_rate previous_median_duration_s previous_sessions"
	if got := strings.Join(names, " "); got != expected {
		t.Errorf("columns: %s", got)
	}
}

// Grafana Live: the first frame names its channel, and the channel continues.
func TestLiveGoesOn(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	first := rows(t, h.ask(t, pluginContext(t, url), query("A", `{"queryType":"live"}`))["A"])
	if first.Meta.Channel != "ds/footfall/live/website" || first.Rows() != 120 {
		t.Fatalf("channel %q, %d rows", first.Meta.Channel, first.Rows())
	}
	stream := dispense[grpcplugin.StreamClient](t, h, "stream")
	for path, expected := range map[string]pluginv2.SubscribeStreamResponse_Status{"live/website": pluginv2.SubscribeStreamResponse_OK, "other": pluginv2.SubscribeStreamResponse_NOT_FOUND, "live/a b": pluginv2.SubscribeStreamResponse_NOT_FOUND} {
		answer, err := stream.SubscribeStream(context.Background(), &pluginv2.SubscribeStreamRequest{PluginContext: pluginContext(t, url), Path: path})
		if err != nil || answer.Status != expected {
			t.Errorf("%s: %v %v", path, answer, err)
		}
	}
	clickhouse(t, url, "INSERT INTO analytics.events (project, ts, event, path, visitor, event_id) VALUES ('website', now64(3), 'page_view', '/now', 8, 8)")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	packets, err := stream.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: pluginContext(t, url), Path: "live/website"})
	if err != nil {
		t.Fatal(err)
	}
	packet, err := packets.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var frame data.Frame
	if err := json.Unmarshal(packet.Data, &frame); err != nil {
		t.Fatalf("Grafana cannot read %s: %v", packet.Data, err)
	}
	if count, _ := frame.Fields[1].ConcreteAt(0); frame.Rows() != 1 || count.(int64) < 1 {
		t.Errorf("expected one slot with a visitor: %s", packet.Data)
	}
}

// The plan knows what will be read before the query runs.
func TestPlan(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	resource := dispense[grpcplugin.ResourceClient](t, h, "resource")
	for _, text := range []string{funnel, `{"queryType":"sessions"}`, `{"queryType":"sessions","result":"list"}`, `{"queryType":"trend","breakdown":{"dimension":"country"}}`, `{"queryType":"retention"}`, `{"queryType":"lifecycle"}`, `{"queryType":"paths"}`, `{"queryType":"events"}`, `{"queryType":"sql","rawSql":"SELECT sum(visitor) FROM analytics.events WHERE $__timeFilter(ts)"}`} {
		body, _ := json.Marshal(map[string]any{"query": json.RawMessage(text), "fromMs": year().FromEpochMS, "toMs": year().ToEpochMS})
		stream, err := resource.CallResource(context.Background(), &pluginv2.CallResourceRequest{PluginContext: pluginContext(t, url), Method: "POST", Path: "plan", Url: "plan", Body: body})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		var plan struct {
			SQL  string
			Rows uint64
		}
		if err := json.Unmarshal(answer.Body, &plan); err != nil || answer.Code != 200 || plan.Rows == 0 || !strings.Contains(plan.SQL, "analytics.") {
			t.Errorf("%s: %d %s", text, answer.Code, answer.Body)
		}
	}
}

// Every alert rule's query returns a single number.
func TestAlertRules(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "provisioning", "grafana", "alerting", "footfall.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				UID, Condition string
				Data           []struct {
					RefID             string                 `yaml:"refId"`
					DatasourceUID     string                 `yaml:"datasourceUid"`
					RelativeTimeRange struct{ From, To int } `yaml:"relativeTimeRange"`
					Model             map[string]any
				}
			}
		}
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	asked := 0
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			names := map[string]bool{}
			for _, step := range rule.Data {
				names[step.RefID] = true
				if step.Model["refId"] != step.RefID {
					t.Errorf("%s: the model of %s has a different refId", rule.UID, step.RefID)
				}
				if step.DatasourceUID != "footfall" {
					continue
				}
				text, err := json.Marshal(step.Model)
				if err != nil {
					t.Fatal(err)
				}
				one := query(step.RefID, string(text))
				if step.RelativeTimeRange.From <= step.RelativeTimeRange.To {
					t.Errorf("%s: %s has no time range", rule.UID, step.RefID)
				}
				answer := h.ask(t, pluginContext(t, url), one)[step.RefID]
				frame := rows(t, answer)
				if frame.Rows() != 1 || len(frame.Fields) != 1 || !frame.Fields[0].Type().Numeric() {
					t.Errorf("%s: %s returns no single number: %v", rule.UID, step.RefID, frame.Fields)
				}
				asked++
			}
			if !names[rule.Condition] {
				t.Errorf("%s: its condition %s does not exist", rule.UID, rule.Condition)
			}
		}
	}
	if asked < 4 {
		t.Errorf("ran %d alert rule queries", asked)
	}
}
