package main

import (
	"mime"
	"net"
	"net/http"
	"strings"
)

// onlyFromHere lets in the preview's own page and programs of this machine. Another site's page can make a
// browser send requests to loopback: by a rebound name (Host), by fetch and forms (Origin, Sec-Fetch-Site, a
// content type that needs no leave), by images and scripts (Sec-Fetch-Site). A program that is no
// browser sends none of these headers, and its JSON says so.
func onlyFromHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reason := refusal(r); reason != "" {
			http.Error(w, reason, http.StatusForbidden)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		w.Header().Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

func refusal(r *http.Request) string {
	name, _, err := net.SplitHostPort(r.Host)
	if ip := net.ParseIP(name); err != nil || (name != "localhost" && (ip == nil || !ip.IsLoopback())) {
		return "the preview answers on loopback only"
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return "the preview answers its own page only"
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case site == "" || site == "same-origin":
	// Typed into the address bar, or a link to the page from elsewhere.
	case site == "none" && reads(r), isNavigation(r):
	default:
		return "the preview answers its own page only"
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); !reads(r) && (err != nil || media != "application/json") {
		return "the preview takes Content-Type: application/json only"
	}
	return ""
}

func reads(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

func isNavigation(r *http.Request) bool {
	return reads(r) && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" &&
		!strings.HasPrefix(r.URL.Path, "/api/")
}
