package host

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"footfall/plugin-host/grafana"
)

// An authority with a server's and a client's certificate.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key, block("CERTIFICATE", der)}
}

func (a authority) issue(t *testing.T, usage x509.ExtKeyUsage) (certificate, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &own.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", keyDER)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// front puts TLS in front of the engine; it requires a client certificate and two headers.
func front(t *testing.T, clickhouse string, a authority) *httptest.Server {
	t.Helper()
	target, err := url.Parse(clickhouse)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Tenant") != "a" || r.Header.Get("X-Key") != "kept-secret" {
			http.Error(w, "Code: 516. headers missing", http.StatusForbidden)
			return
		}
		r.Host = target.Host
		proxy.ServeHTTP(w, r)
	}))
	certificate, key := a.issue(t, x509.ExtKeyUsageServerAuth)
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// TLS, client certificates and headers work with Grafana's own keys; errors name what is missing.
func TestTLSAndHeaders(t *testing.T) {
	h, a, stranger := start(t), newAuthority(t), newAuthority(t)
	server := front(t, environment(t, "FOOTFALL_CLICKHOUSE"), a)
	certificate, key := a.issue(t, x509.ExtKeyUsageClientAuth)
	headers := []map[string]any{{"name": "X-Tenant", "value": "a"}, {"name": "X-Key", "secure": true}}
	whole := map[string]any{"tlsAuth": true, "tlsAuthWithCACert": true, "httpHeaders": headers}
	secure := map[string]string{"tlsCACert": a.pem, "tlsClientCert": certificate, "tlsClientKey": key, "secureHttpHeaders.X-Key": "kept-secret"}
	without := func(name string) map[string]string {
		rest := map[string]string{}
		for key, value := range secure {
			if key != name {
				rest[key] = value
			}
		}
		return rest
	}
	with := func(name, value string) map[string]string {
		rest := without(name)
		rest[name] = value
		return rest
	}
	for name, one := range map[string]struct {
		json     map[string]any
		secure   map[string]string
		expected string
	}{
		"everything":              {whole, secure, ""},
		"no verification":         {map[string]any{"tlsAuth": true, "tlsSkipVerify": true, "httpHeaders": headers}, secure, ""},
		"the system's authority":  {map[string]any{"tlsAuth": true, "httpHeaders": headers}, secure, "invalid peer certificate: UnknownIssuer"},
		"another authority":       {whole, with("tlsCACert", stranger.pem), "invalid peer certificate"},
		"no client certificate":   {map[string]any{"tlsAuthWithCACert": true, "httpHeaders": headers}, secure, "does not answer"},
		"no secret header":        {whole, without("secureHttpHeaders.X-Key"), "headers missing"},
		"an authority of letters": {whole, with("tlsCACert", "letters"), "tlsCACert: it holds no certificate in PEM"},
		"a key of letters":        {whole, with("tlsClientKey", "letters"), "tlsClientKey: it is not a private key in PEM"},
		"a header of two lines":   {map[string]any{"httpHeaders": []map[string]any{{"name": "X-A", "value": "a\nb"}}}, secure, "jsonData.httpHeaders: \"X-A\" is not a header"},
	} {
		pluginContext := pluginContext(t, server.URL)
		one.json["username"], one.secure["password"] = reader(t)
		settings, err := json.Marshal(one.json)
		if err != nil {
			t.Fatal(err)
		}
		pluginContext.DataSourceInstanceSettings.JsonData = settings
		pluginContext.DataSourceInstanceSettings.DecryptedSecureJsonData = one.secure
		answer, err := dispense[grpcplugin.DiagnosticsClient](t, h, "diagnostics").CheckHealth(context.Background(), &pluginv2.CheckHealthRequest{PluginContext: pluginContext})
		if err != nil {
			t.Fatal(err)
		}
		fine := answer.Status == pluginv2.CheckHealthResponse_OK
		if fine != (one.expected == "") || !strings.Contains(answer.Message, one.expected) {
			t.Errorf("%s: %v", name, answer)
		}
	}
	if text := h.log.text(); strings.Contains(text, "kept-secret") || strings.Contains(text, "PRIVATE KEY") {
		t.Errorf("the log contains a secret:\n%s", text)
	}
}

// Responses are compressed with LZ4 if the settings say so; by default not for a ClickHouse on this machine.
func TestCompression(t *testing.T) {
	h := start(t)
	target, err := url.Parse(environment(t, "FOOTFALL_CLICKHOUSE"))
	if err != nil {
		t.Fatal(err)
	}
	username, _ := reader(t)
	var compressed, plain atomic.Int32
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(response *http.Response) error {
		if response.Header.Get("Content-Encoding") == "lz4" {
			compressed.Add(1)
		} else {
			plain.Add(1)
		}
		return nil
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = target.Host
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	for setting, expected := range map[string]string{"lz4": "lz4", "none": "plain", "auto": "plain", "zip": "unknown variant `zip`"} {
		compressed.Store(0)
		plain.Store(0)
		pluginContext := pluginContext(t, server.URL)
		pluginContext.DataSourceInstanceSettings.JsonData = []byte(`{"username": "` + username + `", "compression": "` + setting + `"}`)
		answer, err := dispense[grpcplugin.DiagnosticsClient](t, h, "diagnostics").CheckHealth(context.Background(), &pluginv2.CheckHealthRequest{PluginContext: pluginContext})
		if err != nil {
			t.Fatal(err)
		}
		got := answer.Message
		switch {
		case answer.Status == pluginv2.CheckHealthResponse_OK && compressed.Load() > 0 && plain.Load() == 0:
			got = "lz4"
		case answer.Status == pluginv2.CheckHealthResponse_OK && compressed.Load() == 0 && plain.Load() > 0:
			got = "plain"
		}
		if !strings.Contains(got, expected) {
			t.Errorf("%s: %s (%d compressed, %d plain)", setting, got, compressed.Load(), plain.Load())
		}
	}
}

// The plugin uses the proxy from Grafana's environment.
func TestProxyOfTheEnvironment(t *testing.T) {
	var tunnels atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "CONNECT alone", http.StatusMethodNotAllowed)
			return
		}
		out, err := net.Dial("tcp", r.Host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		tunnels.Add(1)
		w.WriteHeader(http.StatusOK)
		in, buffer, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(out, buffer) }()
		_, _ = io.Copy(in, out)
		_ = in.Close()
		_ = out.Close()
	}))
	t.Cleanup(proxy.Close)
	log := &lockedBuffer{}
	plugin, err := grafana.Start(environment(t, "FOOTFALL_PLUGIN"), log, "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plugin.Process.Kill)
	answers := (&host{plugin, log}).ask(t, pluginContext(t, environment(t, "FOOTFALL_CLICKHOUSE")), query("A", `{"queryType":"sessions"}`))
	rows(t, answers["A"])
	if tunnels.Load() == 0 {
		t.Error("the proxy was not used")
	}
}
