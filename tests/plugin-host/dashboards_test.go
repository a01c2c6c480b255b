package host

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const gridColumns = 24

// The parts of a dashboard that need no query: panel layout and variables.
type layout struct {
	UID    string
	Panels []struct {
		ID      int
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ Expr string }
	}
	Templating struct{ List []struct{ Name string } }
}

var (
	variable = regexp.MustCompile(`\$\{?(\w+)`)
	// Counters are shown as rates, over Grafana's interval that contains enough scrapes.
	counter = regexp.MustCompile(`\w+_(total|bucket)\b`)
	rated   = regexp.MustCompile(`rate\(\w+_(total|bucket)(\{[^}]*\})?\[\$__rate_interval\]\)`)
)

func TestDashboardsAreWellFormed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "dashboards", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	uids := map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var board layout
		if err := json.Unmarshal(raw, &board); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if other := uids[board.UID]; other != "" || board.UID == "" {
			t.Errorf("%s has the same uid %q as %q", file, board.UID, other)
		}
		uids[board.UID] = file
		checkGrid(t, file, board)
		checkVariables(t, file, string(raw), board)
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				if len(counter.FindAllString(target.Expr, -1)) != len(rated.FindAllString(target.Expr, -1)) {
					t.Errorf("%s, panel %q: a counter without rate(…[$__rate_interval]): %s", file, panel.Title, target.Expr)
				}
			}
		}
	}
}

// Panels stay within the grid and don't overlap; no row between them is empty.
func checkGrid(t *testing.T, file string, board layout) {
	t.Helper()
	taken, ids, bottom := map[[2]int]string{}, map[int]bool{}, 0
	for _, panel := range board.Panels {
		at := panel.GridPos
		if ids[panel.ID] {
			t.Errorf("%s: two panels have the id %d", file, panel.ID)
		}
		ids[panel.ID] = true
		if at.X < 0 || at.X+at.W > gridColumns || at.W < 1 || at.H < 1 {
			t.Errorf("%s, panel %q: %+v is outside the grid", file, panel.Title, at)
		}
		for y := at.Y; y < at.Y+at.H; y++ {
			for x := at.X; x < at.X+at.W; x++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%s: the panels %q and %q overlap", file, other, panel.Title)
				}
				taken[[2]int{x, y}] = panel.Title
			}
		}
		bottom = max(bottom, at.Y+at.H)
	}
	for y := range bottom {
		empty := true
		for x := range gridColumns {
			empty = empty && taken[[2]int{x, y}] == ""
		}
		if empty {
			t.Errorf("%s: row %d is empty", file, y)
		}
	}
}

// Every variable in use is defined, except Grafana's own and macros, which start with two underscores.
func checkVariables(t *testing.T, file, text string, board layout) {
	t.Helper()
	known := map[string]bool{}
	for _, variable := range board.Templating.List {
		known[variable.Name] = true
	}
	for _, found := range variable.FindAllStringSubmatch(text, -1) {
		if name := found[1]; !known[name] && !strings.HasPrefix(name, "__") {
			t.Errorf("%s: undefined variable %s", file, name)
		}
	}
}
