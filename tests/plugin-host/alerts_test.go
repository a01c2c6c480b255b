package host

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// asAlerting asks as Grafana's alerting does, which says so in a header.
func (h *host) asAlerting(t *testing.T, context_ *pluginv2.PluginContext, query *pluginv2.DataQuery) backend.DataResponse {
	t.Helper()
	request := &pluginv2.QueryDataRequest{
		PluginContext: context_,
		Headers:       map[string]string{"FromAlert": "true"},
		Queries:       []*pluginv2.DataQuery{query},
	}
	answer, err := dispense[grpcplugin.DataClient](t, h, "data").QueryData(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	response, err := backend.FromProto().QueryDataResponse(answer)
	if err != nil {
		t.Fatal(err)
	}
	return response.Responses[query.RefId]
}

// Each query type with numbers gives a shape that alerting takes; the others say that they don't.
func TestEveryTypeOfQueryInAnAlertRule(t *testing.T) {
	h := start(t)
	steps := `"steps":[{"event":"page_view","path":"/"},{"event":"sign_up"}]`
	for name, text := range map[string]string{
		"totals":      `{"queryType":"sessions","result":"totals"}`,
		"compared":    `{"queryType":"sessions","result":"totals","compare":"week"}`,
		"over time":   `{"queryType":"sessions","result":"over_time","interval":"month","compare":"week"}`,
		"by country":  `{"queryType":"sessions","result":"by","dimension":"country"}`,
		"one measure": `{"queryType":"sessions","result":"by","dimension":"country","measures":["bounce_rate"]}`,
		"trend":       `{"queryType":"trend","interval":"month","compare":"week"}`,
		"split trend": `{"queryType":"trend","interval":"month","breakdown":{"dimension":"country"}}`,
		"long trend":  `{"queryType":"trend","interval":"month","shape":"long","compare":"week","breakdown":{"dimension":"country"}}`,
		"total":       `{"queryType":"trend","result":"total","breakdown":{"dimension":"event"},"compare":"week"}`,
		"funnel":      `{"queryType":"funnel",` + steps + `}`,
		"split":       `{"queryType":"funnel","breakdown":{"dimension":"country"},` + steps + `}`,
		"entries":     `{"queryType":"funnel","result":"trend","interval":"month","breakdown":{"dimension":"country"},` + steps + `}`,
		"histogram":   `{"queryType":"funnel","result":"histogram",` + steps + `}`,
		"retention":   `{"queryType":"retention","interval":"month"}`,
		"lifecycle":   `{"queryType":"lifecycle","interval":"month"}`,
		"stickiness":  `{"queryType":"stickiness","interval":"month"}`,
		"paths":       `{"queryType":"paths"}`,
		"sql":         `{"queryType":"sql","rawSql":"SELECT country, count() AS n, uniqExact(visitor) AS v FROM analytics.events GROUP BY country"}`,
	} {
		answer := h.asAlerting(t, pluginContext(t, environment(t, "FOOTFALL_CLICKHOUSE")), query("A", text))
		if answer.Error != nil {
			t.Errorf("%s: %v", name, answer.Error)
			continue
		}
		if why := alertingTakes(answer.Frames); why != "" {
			t.Errorf("%s: %s: %v", name, why, answer.Frames[0].Fields)
		}
	}
	for name, text := range map[string]string{
		"events": `{"queryType":"events","limit":5}`,
		"names":  `{"queryType":"sql","rawSql":"SELECT event FROM analytics.events LIMIT 5"}`,
	} {
		answer := h.asAlerting(t, pluginContext(t, environment(t, "FOOTFALL_CLICKHOUSE")), query("A", text))
		if answer.Error == nil || !strings.Contains(answer.Error.Error(), "alert rules do not take") {
			t.Errorf("%s: %v", name, answer.Error)
		}
	}
}

// The documented rules ("Alert on numeric data", "Alert on time series"): one frame, which is either a table of labels
// and one number, a number per row, or series over time, wide or long. Each number or series has labels of its own.
func alertingTakes(frames data.Frames) string {
	if len(frames) != 1 {
		return fmt.Sprintf("%d frames", len(frames))
	}
	frame := frames[0]
	switch frame.TimeSeriesSchema().Type {
	case data.TimeSeriesTypeLong:
		wide, err := data.LongToWide(frame, nil)
		if err != nil {
			return fmt.Sprintf("not wide: %v", err)
		}
		return seriesAreDistinct(wide)
	case data.TimeSeriesTypeWide:
		return seriesAreDistinct(frame)
	default:
		return rowsAreDistinct(frame)
	}
}

func seriesAreDistinct(frame *data.Frame) string {
	seen := map[string]bool{}
	for _, field := range frame.Fields {
		if field.Type().Time() {
			continue
		}
		labels := field.Labels.String()
		if seen[labels] {
			return fmt.Sprintf("two series with the labels %q", labels)
		}
		seen[labels] = true
	}
	return ""
}

func rowsAreDistinct(frame *data.Frame) string {
	var labels []*data.Field
	numbers := 0
	for _, field := range frame.Fields {
		switch {
		case field.Type().Numeric():
			numbers++
		case field.Type() == data.FieldTypeString || field.Type() == data.FieldTypeNullableString:
			labels = append(labels, field)
		default:
			return fmt.Sprintf("the column %s is neither a number nor a label", field.Name)
		}
	}
	if numbers != 1 {
		return fmt.Sprintf("%d numbers per row", numbers)
	}
	seen := map[string]bool{}
	for row := range frame.Rows() {
		var key strings.Builder
		for _, field := range labels {
			text, _ := field.ConcreteAt(row)
			fmt.Fprintf(&key, "%s=%q ", field.Name, text)
		}
		if seen[key.String()] {
			return fmt.Sprintf("two rows with the labels %s", key.String())
		}
		seen[key.String()] = true
	}
	return ""
}
