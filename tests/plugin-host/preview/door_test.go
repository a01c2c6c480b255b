package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOtherPagesAreRefused(t *testing.T) {
	const json, text = "application/json", "text/plain;charset=UTF-8"
	type headers map[string]string
	for _, c := range []struct {
		name, method, path, host string
		headers                  headers
		allowed                  bool
	}{
		{"the page's own query", "POST", "/api/ds/query", "127.0.0.1:3123", headers{"Origin": "http://127.0.0.1:3123", "Sec-Fetch-Site": "same-origin", "Content-Type": json}, true},
		{"a program", "POST", "/api/ds/query", "127.0.0.1:3123", headers{"Content-Type": json + "; charset=utf-8"}, true},
		{"a program that reads", "GET", "/api/dashboards", "localhost:3123", nil, true},
		{"fetch without CORS from another page", "POST", "/api/ds/query", "127.0.0.1:3123", headers{"Origin": "http://localhost:8000", "Sec-Fetch-Site": "cross-site", "Content-Type": text}, false},
		{"the same in an old browser", "POST", "/api/ds/query", "127.0.0.1:3123", headers{"Origin": "null", "Content-Type": text}, false},
		{"a form without an origin", "POST", "/api/ds/query", "127.0.0.1:3123", headers{"Content-Type": "application/x-www-form-urlencoded"}, false},
		{"no content type", "POST", "/api/ds/query", "127.0.0.1:3123", nil, false},
		{"another port of this machine", "GET", "/api/dashboards", "127.0.0.1:3123", headers{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, false},
		{"an image", "GET", "/api/datasources/uid/footfall/resources/projects", "127.0.0.1:3123", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, false},
		{"a rebound name", "GET", "/", "evil.example:3123", nil, false},
		{"the address bar", "GET", "/", "127.0.0.1:3123", headers{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, true},
		{"a link from elsewhere", "GET", "/?dashboard=overview", "127.0.0.1:3123", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, true},
		{"a link to the data", "GET", "/api/dashboards", "127.0.0.1:3123", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, false},
		{"a frame", "GET", "/", "127.0.0.1:3123", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, false},
	} {
		reached := false
		handler := onlyFromHere(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
		request := httptest.NewRequest(c.method, c.path, strings.NewReader("{}"))
		request.Host = c.host
		for name, value := range c.headers {
			request.Header.Set(name, value)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if reached != c.allowed || (answer.Code == http.StatusForbidden) == c.allowed {
			t.Errorf("%s: reached %v with status %d, allowed is %v", c.name, reached, answer.Code, c.allowed)
		}
	}
}
