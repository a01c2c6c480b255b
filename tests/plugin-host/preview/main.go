// The preview host: a page that shows the dashboards and editors on a machine without Grafana.
// It implements the part of Grafana's HTTP API that the plugins' front end uses, and forwards
// everything to the real plugin process over Grafana's own plugin protocol. It is only a preview
// for dashboards that belong in Grafana.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"footfall/plugin-host/grafana"
)

const bodyBytesMax = 16 << 20

type host struct {
	plugin    *grafana.Plugin
	context   *pluginv2.PluginContext
	data      grpcplugin.DataClient
	resource  grpcplugin.ResourceClient
	health    grpcplugin.DiagnosticsClient
	streaming grpcplugin.StreamClient
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; loopback only")
	program := flag.String("plugin", "", "the data source's executable")
	clickhouse := flag.String("clickhouse", "http://127.0.0.1:8123", "ClickHouse's HTTP URL")
	project := flag.String("project", "", "the default project")
	plugins := flag.String("plugins", "", "folder with the built plugins")
	page := flag.String("page", "", "folder with the built page")
	dashboards := flag.String("dashboards", "", "folder with the dashboards")
	prometheus := flag.String("prometheus", "", "Prometheus URL, if there is one")
	flag.Parse()
	if err := run(*listen, *program, *clickhouse, *project, *plugins, *page, *dashboards, *prometheus); err != nil {
		fmt.Fprintln(os.Stderr, "preview:", err)
		os.Exit(1)
	}
}

func run(listen, program, clickhouse, project, plugins, page, dashboards, prometheus string) error {
	address, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil || !address.IP.IsLoopback() {
		return fmt.Errorf("-listen %s is not a loopback address: the preview has no login", listen)
	}
	h, err := start(program, clickhouse, project)
	if err != nil {
		return err
	}
	defer h.plugin.Process.Kill()
	routes := http.NewServeMux()
	routes.HandleFunc("POST /api/ds/query", h.query)
	routes.HandleFunc("/api/datasources/uid/{uid}/resources/{path...}", h.callResource)
	routes.HandleFunc("GET /api/datasources/uid/{uid}/health", h.checkHealth)
	routes.HandleFunc("GET /api/live/{path...}", h.live)
	routes.HandleFunc("GET /api/prometheus/api/v1/query_range", ranges(prometheus))
	routes.HandleFunc("GET /api/dashboards", list(dashboards))
	routes.Handle("GET /dashboards/", http.StripPrefix("/dashboards/", http.FileServer(http.Dir(dashboards))))
	routes.Handle("GET /public/plugins/", http.StripPrefix("/public/plugins/", http.FileServer(http.Dir(plugins))))
	routes.Handle("/", http.FileServer(http.Dir(page)))
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: onlyFromHere(routes), ReadHeaderTimeout: 10 * time.Second}
	fmt.Printf("http://%s\n", listener.Addr())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-stop
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func start(program, clickhouse, project string) (*host, error) {
	plugin, err := grafana.Start(program, os.Stderr, "GF_PLUGIN_LOG_LEVEL=warn")
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(map[string]any{"defaultProject": project, "username": os.Getenv("CLICKHOUSE_USER")})
	if err != nil {
		return nil, err
	}
	h := &host{plugin: plugin, context: &pluginv2.PluginContext{
		OrgId: 1, PluginId: "footfall-analytics-datasource",
		DataSourceInstanceSettings: &pluginv2.DataSourceInstanceSettings{Id: 1, Uid: "footfall", Name: "Footfall", Url: clickhouse, JsonData: settings,
			DecryptedSecureJsonData: map[string]string{"password": os.Getenv("CLICKHOUSE_PASSWORD")}},
	}}
	var errs [4]error
	h.data, errs[0] = grafana.Service[grpcplugin.DataClient](plugin, "data")
	h.resource, errs[1] = grafana.Service[grpcplugin.ResourceClient](plugin, "resource")
	h.health, errs[2] = grafana.Service[grpcplugin.DiagnosticsClient](plugin, "diagnostics")
	h.streaming, errs[3] = grafana.Service[grpcplugin.StreamClient](plugin, "stream")
	return h, errors.Join(errs[:]...)
}

// query implements Grafana's POST /api/ds/query.
func (h *host) query(w http.ResponseWriter, r *http.Request) {
	var body struct {
		From, To string
		Queries  []json.RawMessage
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyBytesMax)).Decode(&body); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	request := &pluginv2.QueryDataRequest{PluginContext: h.context}
	for _, raw := range body.Queries {
		query, err := protoQuery(raw, body.From, body.To)
		if err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		request.Queries = append(request.Queries, query)
	}
	answer, err := h.data.QueryData(r.Context(), request)
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	response, err := backend.FromProto().QueryDataResponse(answer)
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	// Like Grafana, answer 400 if a query has failed, together with the results.
	status := http.StatusOK
	for _, result := range response.Responses {
		if result.Error != nil {
			status = http.StatusBadRequest
		}
	}
	write(w, status, response)
}

func protoQuery(raw json.RawMessage, from, to string) (*pluginv2.DataQuery, error) {
	var query struct {
		RefID         string  `json:"refId"`
		QueryType     string  `json:"queryType"`
		IntervalMS    float64 `json:"intervalMs"`
		MaxDataPoints int64   `json:"maxDataPoints"`
	}
	if err := json.Unmarshal(raw, &query); err != nil {
		return nil, err
	}
	fromMS, err := strconv.ParseInt(from, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	toMS, err := strconv.ParseInt(to, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	return &pluginv2.DataQuery{
		RefId: query.RefID, QueryType: query.QueryType, IntervalMS: int64(query.IntervalMS), MaxDataPoints: query.MaxDataPoints,
		TimeRange: &pluginv2.TimeRange{FromEpochMS: fromMS, ToEpochMS: toMS}, Json: raw,
	}, nil
}

func (h *host) callResource(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytesMax))
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	path := r.PathValue("path")
	stream, err := h.resource.CallResource(r.Context(), &pluginv2.CallResourceRequest{
		PluginContext: h.context, Method: r.Method, Path: path, Url: path + "?" + r.URL.RawQuery, Body: body,
	})
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	answer, err := stream.Recv()
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(answer.Code))
	_, _ = w.Write(answer.Body)
}

func (h *host) checkHealth(w http.ResponseWriter, r *http.Request) {
	answer, err := h.health.CheckHealth(r.Context(), &pluginv2.CheckHealthRequest{PluginContext: h.context})
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	status := http.StatusOK
	if answer.Status != pluginv2.CheckHealthResponse_OK {
		status = http.StatusBadRequest
	}
	write(w, status, map[string]any{"status": answer.Status.String(), "message": answer.Message, "details": json.RawMessage(answer.JsonDetails)})
}

// live forwards a Grafana Live channel as server-sent events.
func (h *host) live(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("path")
	allowed, err := h.streaming.SubscribeStream(r.Context(), &pluginv2.SubscribeStreamRequest{PluginContext: h.context, Path: path})
	if err != nil || allowed.Status != pluginv2.SubscribeStreamResponse_OK {
		fail(w, http.StatusNotFound, fmt.Errorf("no channel %q: %v", path, err))
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stream, err := h.streaming.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: h.context, Path: path})
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flusher, _ := w.(http.Flusher)
	for {
		packet, err := stream.Recv()
		if err != nil {
			return
		}
		fmt.Fprintf(w, "data: %s\n\n", packet.Data)
		if flusher != nil {
			flusher.Flush()
		}
	}
}

// ranges forwards a time series panel's query to Prometheus.
func ranges(prometheus string) http.HandlerFunc {
	target, err := url.Parse(prometheus)
	if err != nil || target.Host == "" {
		return func(w http.ResponseWriter, _ *http.Request) {
			fail(w, http.StatusNotFound, errors.New("Prometheus is not running: apt-get install prometheus, then restart the demo"))
		}
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.URL.Path = "/api/v1/query_range"
	}}
	return proxy.ServeHTTP
}

func list(folder string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		files, err := filepath.Glob(filepath.Join(folder, "*.json"))
		if err != nil {
			fail(w, http.StatusInternalServerError, err)
			return
		}
		names := []string{}
		for _, file := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
		}
		write(w, http.StatusOK, names)
	}
}

func write(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		log.Println(err)
		status, body = http.StatusInternalServerError, []byte(`{"error":"cannot encode the response"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func fail(w http.ResponseWriter, status int, err error) {
	write(w, status, map[string]string{"error": err.Error(), "message": err.Error()})
}
