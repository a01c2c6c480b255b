package host

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Panel SQL cannot reach files, services on this machine or limits when the data source is set up
// like the demo's: with the embedded engine's user `reader`.
func TestAViewersSQLStaysInTheTables(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	reached := make(chan struct{}, 100)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			reached <- struct{}{}
			_ = connection.Close()
		}
	}()
	service := "http://" + listener.Addr().String() + "/bucket/a.csv"
	written := filepath.Join(t.TempDir(), "written")
	h, url := start(t), environment(t, "FOOTFALL_CLICKHOUSE")
	for _, sql := range []string{
		"INSERT INTO FUNCTION file('" + written + "', 'LineAsString') SELECT 'x' SETTINGS engine_file_truncate_on_insert = 1",
		"SELECT 1 INTO OUTFILE '" + written + "'",
		"SELECT * FROM file('/proc/self/environ', 'LineAsString')",
		"SELECT file('/etc/passwd')",
		"SELECT * FROM url('" + service + "', 'LineAsString')",
		"SELECT * FROM s3('" + service + "', 'LineAsString')",
		"KILL QUERY WHERE 1",
		"SYSTEM DROP MARK CACHE",
		"SELECT length(groupArray(number)) FROM numbers(200000000) SETTINGS max_memory_usage = 0",
		"SELECT 1 SETTINGS profile = 'default'",
	} {
		text, _ := json.Marshal(map[string]any{"queryType": "sql", "rawSql": sql})
		if err := h.ask(t, pluginContext(t, url), query("A", string(text)))["A"].Error; err == nil || strings.Contains(err.Error(), "root:") {
			t.Errorf("%s was not refused: %v", sql, err)
		}
	}
	if _, err := os.Stat(written); err == nil {
		t.Error("a file was written")
	}
	if len(reached) > 0 {
		t.Error("a service on this machine was contacted")
	}
}
