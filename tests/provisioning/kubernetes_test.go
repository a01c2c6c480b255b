package provisioning

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Kubernetes knows every object and every field.
func TestKubernetes(t *testing.T) {
	for file, expected := range map[string][]string{
		"gateway.yaml": {"Namespace", "ConfigMap", "StatefulSet", "Service"},
		"vector.yaml":  {"ConfigMap", "StatefulSet"},
	} {
		t.Run(file, func(t *testing.T) { checkObjects(t, file, expected) })
	}
}

func checkObjects(t *testing.T, file string, expected []string) {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	strict := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	text, err := os.ReadFile(filepath.Join(folder, "kubernetes", file))
	if err != nil {
		t.Fatal(err)
	}
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	var kinds []string
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		object, kind, err := strict.Decode(document, nil, nil)
		if err != nil {
			t.Errorf("%v\n%s", err, document)
			continue
		}
		kinds = append(kinds, kind.Kind)
		if set, ok := object.(*appsv1.StatefulSet); ok {
			checkPods(t, set)
		}
	}
	if !slices.Equal(kinds, expected) {
		t.Errorf("kinds: %v", kinds)
	}
}

// Containers have probes and a memory limit, don't run as root, and mount volumes that exist.
func checkPods(t *testing.T, set *appsv1.StatefulSet) {
	t.Helper()
	if !*set.Spec.Template.Spec.SecurityContext.RunAsNonRoot {
		t.Error("may run as root")
	}
	var claims []string
	for _, claim := range set.Spec.VolumeClaimTemplates {
		claims = append(claims, claim.Name)
	}
	for _, volume := range set.Spec.Template.Spec.Volumes {
		claims = append(claims, volume.Name)
	}
	for _, container := range set.Spec.Template.Spec.Containers {
		if container.ReadinessProbe == nil || container.LivenessProbe == nil || container.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s lacks a probe or a memory limit", container.Name)
		}
		for _, mount := range container.VolumeMounts {
			if !slices.Contains(claims, mount.Name) {
				t.Errorf("%s mounts %s, which does not exist", container.Name, mount.Name)
			}
		}
	}
}
