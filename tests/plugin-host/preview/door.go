package main

import (
	"mime"
	"net"
	"net/http"
	"strings"
)

// onlyFromHere admits the preview's own page and programs on this machine. A page of another site can make a
// browser send requests to loopback: with DNS rebinding (Host), with fetch and forms (Origin, Sec-Fetch-Site, a
// content type that needs no preflight), with images and scripts (Sec-Fetch-Site). Programs other than
// browsers send none of these headers, and declare their JSON.
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
		return "the preview only answers on loopback"
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return "the preview only answers its own page"
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case site == "" || site == "same-origin":
	// Entered in the address bar, or a link to the page from elsewhere.
	case site == "none" && reads(r), isNavigation(r):
	default:
		return "the preview only answers its own page"
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); !reads(r) && (err != nil || media != "application/json") {
		return "the preview only accepts Content-Type: application/json"
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
