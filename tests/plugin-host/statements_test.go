package host

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// Statements over the analytics tables run.
var allowedStatements = []string{
	"SELECT count() FROM analytics.events FINAL WHERE project = {project:String}",
	"SELECT count() FROM events",
	"FROM analytics.events SELECT count();",
	"SELECT 1 AS x -- a note",
	"WITH busy AS (SELECT visitor, count() AS n FROM analytics.events GROUP BY visitor) SELECT max(n) FROM busy",
	"WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t",
	"SELECT count() FROM analytics.events WHERE visitor IN (SELECT visitor FROM analytics.events WHERE event = 'sign_up')",
	"SELECT event, row_number() OVER (PARTITION BY project ORDER BY ts) FROM analytics.events QUALIFY row_number() OVER (ORDER BY ts) = 1",
	"SELECT e.event, n.number FROM analytics.events AS e CROSS JOIN numbers(2) AS n ARRAY JOIN [1, 2] AS a LIMIT 3",
	"SELECT * EXCEPT (details) REPLACE (upper(event) AS event) FROM analytics.events LIMIT 1",
	"SELECT COLUMNS('^utm') FROM analytics.events LIMIT 1 BY event LIMIT 2 OFFSET 1",
	"SELECT event, count() FROM analytics.events GROUP BY GROUPING SETS ((event), (project)) ORDER BY ALL",
	"SELECT toDate(ts) AS d, count() AS n FROM analytics.events GROUP BY d ORDER BY d WITH FILL STEP 1 INTERPOLATE (n AS n)",
	"SELECT quantile(0.9)(delay_s), countIf(bot = ''), arrayMap(x -> x + 1, [1]), toString(1)::String FROM analytics.events",
	"(SELECT 1 AS a) UNION ALL (SELECT 2) INTERSECT SELECT 2",
	"SELECT * FROM values('a UInt8', 1, 2)",
	"SELECT * FROM view(SELECT 1 AS a)",
	"SELECT 'SETTINGS; INSERT INTO FUNCTION file(''x'')' AS text, 1 AS `values`",
	"SELECT sum(bytes_on_disk) FROM system.parts WHERE active",
	"SELECT count() FROM analytics.{table:Identifier}",
}

// Statements that reach beyond them are refused, whatever the data source's ClickHouse user may do.
var refusedStatements = map[string]string{
	"INSERT INTO FUNCTION file('<file>', 'LineAsString') SELECT 'x' SETTINGS engine_file_truncate_on_insert = 1": "one SELECT",
	"SELECT 1 INTO OUTFILE '<file>'": "one SELECT",
	"SELECT 1 FORMAT CSV":            "one SELECT",
	"SELECT 1; SELECT 2":             "one SELECT",
	"SELECT 1); SELECT (2":           "one SELECT",
	"KILL QUERY WHERE 1":             "one SELECT",
	"SYSTEM DROP MARK CACHE":         "one SELECT",
	"DROP TABLE analytics.events":    "one SELECT",
	"SHOW TABLES":                    "one SELECT",
	"EXPLAIN SELECT 1":               "the table function viewExplain",
	"SELECT * FROM file('/proc/self/environ', 'LineAsString')":                                  "the table function file",
	"SELECT * FROM url('<url>', 'LineAsString')":                                                "the table function url",
	"SELECT * FROM s3('<url>', 'LineAsString')":                                                 "the table function s3",
	"SELECT * FROM remote('127.0.0.1:9000', system.one)":                                        "the table function remote",
	"SELECT * FROM executable('x', 'CSV', 'a Int8')":                                            "the table function executable",
	"SELECT * FROM merge('system', 'users')":                                                    "the table function merge",
	"SELECT * FROM (SELECT * FROM view(SELECT * FROM system.users))":                            "the table system.users",
	"SELECT file('/etc/passwd')":                                                                "the function file",
	"WITH (SELECT FILE('/etc/passwd')) AS x SELECT 1 ORDER BY x":                                "the function FILE",
	"SELECT * REPLACE (file('/etc/passwd') AS event) FROM analytics.events":                     "the function file",
	"SELECT * APPLY(file) FROM (SELECT '/etc/passwd' AS a)":                                     "APPLY",
	"SELECT hasColumnInTable('127.0.0.1:9000', 'u', 'p', 'db', 't', 'c')":                       "the function hasColumnInTable",
	"SELECT dictGet('other.d', 'a', 1)":                                                         "the function dictGet",
	"SELECT aiGenerate('collection', 'x')":                                                      "the function aiGenerate",
	"SELECT sleep(3)":                                                                           "the function sleep",
	"SELECT length(groupArray(number)) FROM numbers(10) SETTINGS max_memory_usage = 0":          "SETTINGS",
	"SELECT * FROM (SELECT 1 SETTINGS profile = 'default')":                                     "SETTINGS",
	"SELECT name FROM system.users":                                                             "the table system.users",
	"SELECT 1 WHERE 'default' IN system.users":                                                  "the table system.users",
	"SELECT count() FROM {database:Identifier}.query_log":                                       "the table system.query_log",
	"SELECT `x\n      Identifier y` IN system.users FROM (SELECT 1 AS `x\n      Identifier y`)": "a name with a line break",
}

func TestAStatementReadsTheTablesAndNothingElse(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	readerUser, readerPassword := reader(t)
	users := map[string]string{readerUser: readerPassword, "default": environment(t, "FOOTFALL_CLICKHOUSE_PASSWORD")}
	for user, password := range users {
		as := contextOf(t, url, user, password, `[]`)
		for _, sql := range allowedStatements {
			if err := statement(t, h, as, sql); err != nil {
				t.Errorf("%s: %s: %v", user, sql, err)
			}
		}
		for sql, named := range refusedStatements {
			sql = strings.NewReplacer("<file>", t.TempDir()+"/written", "<url>", "http://127.0.0.1:1/a.csv").Replace(sql)
			err := statement(t, h, as, sql)
			// The embedded engine refuses some of these before the plugin gets to parse them.
			if err == nil || !(strings.Contains(err.Error(), named) || strings.Contains(err.Error(), "by a reader") || strings.Contains(err.Error(), "for a reader")) {
				t.Errorf("%s: %q: expected %q to be refused: %v", user, sql, named, err)
			}
			if err != nil && strings.Contains(err.Error(), "root:") {
				t.Errorf("%s: %q: a file was read: %v", user, sql, err)
			}
		}
	}
}

// Estimating a statement's cost follows the same rules as running it.
func TestTheCostOfARefusedStatementIsNotAsked(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	as := contextOf(t, url, "default", environment(t, "FOOTFALL_CLICKHOUSE_PASSWORD"), `[]`)
	plan := func(sql string) (int, string) {
		body, _ := json.Marshal(map[string]any{"query": map[string]any{"queryType": "sql", "rawSql": sql}, "toMs": 1})
		stream, err := dispense[grpcplugin.ResourceClient](t, h, "resource").CallResource(context.Background(),
			&pluginv2.CallResourceRequest{PluginContext: as, Method: http.MethodPost, Path: "plan", Url: "plan", Body: body})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return int(answer.Code), string(answer.Body)
	}
	if code, body := plan("SELECT count() FROM analytics.events WHERE event != ''"); code != http.StatusOK || !strings.Contains(body, `"rows"`) {
		t.Errorf("%d %s", code, body)
	}
	if code, body := plan("SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')"); code == http.StatusOK || !strings.Contains(body, "the table function url") {
		t.Errorf("%d %s", code, body)
	}
}

// Tables listed in the data source's settings can be read too.
func TestFurtherTablesAreReadWhereTheSettingsNameThem(t *testing.T) {
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	password := environment(t, "FOOTFALL_CLICKHOUSE_PASSWORD")
	for given, good := range map[string]bool{`["system.tables"]`: true, `["system.*"]`: true, `["analytics.*"]`: false} {
		err := statement(t, h, contextOf(t, url, "default", password, given), "SELECT count() FROM system.tables")
		if (err == nil) != good {
			t.Errorf("%s: %v", given, err)
		}
	}
	err := statement(t, h, contextOf(t, url, "default", password, `["tables"]`), "SELECT 1")
	if err == nil || !strings.Contains(err.Error(), "jsonData.sqlTables") {
		t.Errorf("a name without a database was accepted: %v", err)
	}
}

func contextOf(t *testing.T, url, user, password, tables string) *pluginv2.PluginContext {
	t.Helper()
	as := pluginContext(t, url)
	settings := as.DataSourceInstanceSettings
	settings.JsonData = fmt.Appendf(nil, `{"username":%q,"sqlTables":%s}`, user, tables)
	settings.DecryptedSecureJsonData = map[string]string{"password": password}
	return as
}

func statement(t *testing.T, h *host, as *pluginv2.PluginContext, sql string) error {
	t.Helper()
	variables := map[string]any{"project": "website", "table": "events", "database": "system"}
	text, err := json.Marshal(map[string]any{"queryType": "sql", "rawSql": sql, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return h.ask(t, as, query("A", string(text)))["A"].Error
}
