// Package examples_test holds what the container files promise. No container
// engine is needed: the promises are read out of the files.
package examples_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// instruction is one line of a Dockerfile, continuation lines joined.
type instruction struct{ name, args string }

// stages splits the Dockerfile at its FROM lines.
func stages(t *testing.T) [][]instruction {
	t.Helper()
	src, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(string(src)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			kept = append(kept, strings.TrimRight(line, "\n"))
		}
	}
	text := regexp.MustCompile(`\\\n\s*`).ReplaceAllString(strings.Join(kept, "\n"), " ")
	var all [][]instruction
	for line := range strings.Lines(text) {
		name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			continue
		}
		if name == "FROM" {
			all = append(all, nil)
		}
		if len(all) == 0 {
			t.Fatalf("%s stands before the first FROM", name)
		}
		last := len(all) - 1
		all[last] = append(all[last], instruction{name, strings.Join(strings.Fields(args), " ")})
	}
	return all
}

// only returns the arguments of the one instruction of that name.
func only(t *testing.T, stage []instruction, name string) string {
	t.Helper()
	var found []string
	for _, i := range stage {
		if i.name == name {
			found = append(found, i.args)
		}
	}
	if len(found) != 1 {
		t.Fatalf("the stage has %d %s lines, want one: %q", len(found), name, found)
	}
	return found[0]
}

func words(t *testing.T, list string) []string {
	t.Helper()
	var w []string
	if err := json.Unmarshal([]byte(list), &w); err != nil {
		t.Fatalf("%s is not in exec form: %v", list, err)
	}
	return w
}

func TestImageBuildsAStaticProgram(t *testing.T) {
	all := stages(t)
	if len(all) != 2 {
		t.Fatalf("%d stages, want two", len(all))
	}
	build := all[0]
	var compile string
	for _, i := range build {
		if i.name == "RUN" && strings.Contains(i.args, "go build") {
			compile = i.args
		}
	}
	for _, want := range []string{"CGO_ENABLED=0", "-o /ritorno", "./cmd/ritorno"} {
		if !strings.Contains(compile, want) {
			t.Errorf("the build line %q lacks %q", compile, want)
		}
	}
	if got, want := only(t, all[1], "COPY"), "--from=build /ritorno /usr/local/bin/ritorno"; got != want {
		t.Errorf("the final stage copies %q, want %q", got, want)
	}
	if !strings.HasSuffix(build[0].args, " AS build") {
		t.Errorf("the first stage is %q, not named build", build[0].args)
	}
	goMod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(goMod)
	if version == nil || !strings.HasPrefix(build[0].args, "golang:"+string(version[1])+"-") {
		t.Errorf("the build stage uses %q, go.mod asks for go %s", build[0].args, version[1])
	}
}

func TestImageRunsAsNobodyInParticular(t *testing.T) {
	all := stages(t)
	final := all[len(all)-1]
	user := only(t, final, "USER")
	if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) {
		t.Errorf("USER %q is not a numeric user and group other than root", user)
	}
	uid, gid, _ := strings.Cut(user, ":")
	if got := only(t, final, "VOLUME"); got != "/data" {
		t.Errorf("VOLUME %q, want /data", got)
	}
	if got := only(t, final, "WORKDIR"); got != "/" {
		t.Errorf("WORKDIR %q: the default data_dir ./data would not be the volume", got)
	}
	run := only(t, final, "RUN")
	if want := "install -d -o " + uid + " -g " + gid + " -m 0700 /data"; !strings.Contains(run, want) {
		t.Errorf("the volume is not made for %s: no %q", user, want)
	}
	names := make([]string, len(final))
	for i, in := range final {
		names[i] = in.name
	}
	if slices.Index(names, "USER") < slices.Index(names, "RUN") {
		t.Error("packages are installed after USER, without the right to")
	}
	if slices.Index(names, "VOLUME") < slices.Index(names, "RUN") {
		t.Error("VOLUME stands before RUN, whose changes to /data would be lost")
	}
}

func TestImageHasWhatItCalls(t *testing.T) {
	all := stages(t)
	final := all[len(all)-1]
	run := only(t, final, "RUN")
	for _, pkg := range []string{"redis-tools", "ca-certificates", "wget"} {
		if !regexp.MustCompile(`apt-get install [^&]*\b` + pkg + `\b`).MatchString(run) {
			t.Errorf("the image lacks %s", pkg)
		}
	}
	if !strings.Contains(run, "--no-install-recommends") || !strings.Contains(run, "rm -rf /var/lib/apt/lists/*") {
		t.Error("the image carries package lists or recommended packages")
	}
	_, check, ok := strings.Cut(only(t, final, "HEALTHCHECK"), "CMD ")
	if !ok {
		t.Fatal("HEALTHCHECK has no CMD")
	}
	command := words(t, check)
	if command[0] != "wget" || command[len(command)-1] != "http://127.0.0.1:8080/healthz" {
		t.Errorf("the health check runs %q", command)
	}
	if got := words(t, only(t, final, "ENTRYPOINT")); !slices.Equal(got, []string{"ritorno"}) {
		t.Errorf("ENTRYPOINT %q, want ritorno", got)
	}
	if got := words(t, only(t, final, "CMD")); !slices.Equal(got, []string{"serve"}) {
		t.Errorf("CMD %q, want serve", got)
	}
	for _, stage := range all {
		if from := stage[0].args; !strings.Contains(from, ":") || strings.Contains(from, ":latest") {
			t.Errorf("FROM %q names no version", from)
		}
		for _, i := range stage {
			if i.name == "ADD" {
				t.Error("ADD fetches and unpacks on its own: use COPY")
			}
		}
	}
}

func TestImageContextLeavesDataAndSecretsOut(t *testing.T) {
	src, err := os.ReadFile("../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(src), "\n")
	for _, want := range []string{".git", "data", "**/.env", "ritorno.yaml"} {
		if !slices.Contains(lines, want) {
			t.Errorf(".dockerignore lacks %s", want)
		}
	}
}

// composition is the part of a compose file that we make promises about.
type composition struct {
	Name     string             `yaml:"name"`
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type service struct {
	Build       map[string]string            `yaml:"build"`
	Image       string                       `yaml:"image"`
	Command     []string                     `yaml:"command"`
	Restart     string                       `yaml:"restart"`
	Init        bool                         `yaml:"init"`
	StopGrace   string                       `yaml:"stop_grace_period"`
	ReadOnly    bool                         `yaml:"read_only"`
	Tmpfs       []string                     `yaml:"tmpfs"`
	CapDrop     []string                     `yaml:"cap_drop"`
	SecurityOpt []string                     `yaml:"security_opt"`
	EnvFile     []string                     `yaml:"env_file"`
	Ports       []string                     `yaml:"ports"`
	Volumes     []string                     `yaml:"volumes"`
	DependsOn   map[string]map[string]string `yaml:"depends_on"`
	Health      map[string]any               `yaml:"healthcheck"`
}

func compose(t *testing.T) composition {
	t.Helper()
	src, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c composition
	if err := yaml.UnmarshalWithOptions(src, &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComposeKeepsTheServiceSmall(t *testing.T) {
	s := compose(t).Services["ritorno"]
	if !s.ReadOnly || !s.Init || !slices.Equal(s.CapDrop, []string{"ALL"}) ||
		!slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
		t.Errorf("the service may do more than it needs: %+v", s)
	}
	if s.Health != nil {
		t.Error("compose.yaml hides the image's health check")
	}
	for _, p := range s.Ports {
		if !strings.HasPrefix(p, "127.0.0.1:") {
			t.Errorf("port %s is open to the network without TLS", p)
		}
	}
	if s.DependsOn["redis"]["condition"] != "service_healthy" {
		t.Errorf("the service does not wait for a healthy Redis: %v", s.DependsOn)
	}
	if !slices.Contains(s.Volumes, "ritorno-data:/data") {
		t.Errorf("/data is not in a volume: %v", s.Volumes)
	}
}

func TestComposeRedisForgetsNothing(t *testing.T) {
	c := compose(t)
	r := c.Services["redis"]
	line := strings.Join(r.Command, " ")
	for _, want := range []string{"--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"} {
		if !strings.Contains(line, want) {
			t.Errorf("the Redis command %q lacks %q", line, want)
		}
	}
	if len(r.Ports) > 0 {
		t.Errorf("Redis has open ports: %v", r.Ports)
	}
	if !slices.Contains(r.Volumes, "redis-data:/data") || r.Health == nil || !r.ReadOnly {
		t.Errorf("Redis lacks a volume, a health check or a read-only root: %+v", r)
	}
	for name, s := range c.Services {
		if s.Build == nil && (!strings.Contains(s.Image, ":") || strings.HasSuffix(s.Image, ":latest")) {
			t.Errorf("service %s: image %q names no version", name, s.Image)
		}
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(source, "./") {
				if _, err := os.Stat(source); err != nil {
					t.Errorf("service %s mounts %s: %v", name, source, err)
				}
				continue
			}
			if _, ok := c.Volumes[source]; !ok {
				t.Errorf("service %s uses volume %s, which is not declared", name, source)
			}
		}
	}
}

func TestComposeConfigurationUsesThatRedis(t *testing.T) {
	src, err := os.ReadFile("compose-ritorno.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		DataDir string            `yaml:"data_dir"`
		Redis   map[string]string `yaml:"redis"`
	}
	if err := yaml.Unmarshal(src, &c); err != nil {
		t.Fatal(err)
	}
	if c.DataDir != "/data" || c.Redis["url"] != "redis://redis:6379/0" {
		t.Errorf("data_dir %q, redis %v: not those of compose.yaml", c.DataDir, c.Redis)
	}
	secret := regexp.MustCompile(`(?m)(auth_token|api_key|secret): *"?([^"\s},]*)`)
	found := secret.FindAllStringSubmatch(string(src), -1)
	if len(found) == 0 {
		t.Fatal("no secret found to look at")
	}
	for _, m := range found {
		if !strings.HasPrefix(m[2], "${") {
			t.Errorf("%s is written into the example", m[1])
		}
	}
}
