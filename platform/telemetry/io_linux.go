package telemetry

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
)

func readDiskIO() (diskIO, bool) {
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return diskIO{}, false // some kernels have none
	}
	return parseDiskIO(text)
}

// parseDiskIO reads /proc/<pid>/io, proc_pid_io(5): what went to and from disks, and not what the page cache had.
func parseDiskIO(text []byte) (io diskIO, ok bool) {
	found := 0
	for line := range bytes.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ": ")
		n, err := strconv.ParseUint(value, 10, 63)
		switch {
		case err != nil:
		case name == "read_bytes":
			io.read, found = n, found+1
		case name == "write_bytes":
			io.written, found = n, found+1
		}
	}
	return io, found == 2
}

func readNetworkIO() []networkIO {
	text, err := os.ReadFile("/proc/self/net/dev")
	if err != nil {
		return nil
	}
	return parseNetworkIO(text)
}

// parseNetworkIO reads /proc/<pid>/net/dev, proc_pid_net(5). The machine's talk to itself, and the ends of the cables to its containers, which
// come and go, are left out.
func parseNetworkIO(text []byte) (all []networkIO) {
	for line := range bytes.Lines(text) {
		name, rest, ok := strings.Cut(string(line), ":")
		name = strings.TrimSpace(name)
		fields := strings.Fields(rest)
		if !ok || len(fields) < 9 || name == "lo" || strings.HasPrefix(name, "veth") {
			continue
		}
		received, err1 := strconv.ParseUint(fields[0], 10, 64)
		transmitted, err2 := strconv.ParseUint(fields[8], 10, 64)
		if err1 == nil && err2 == nil {
			all = append(all, networkIO{name, received, transmitted})
		}
	}
	return all
}

func readFileSystem(folder string) (fileSystem, bool) {
	var s syscall.Statfs_t
	if folder == "" || syscall.Statfs(folder, &s) != nil || s.Blocks == 0 {
		return fileSystem{}, false
	}
	block := uint64(s.Bsize)
	return fileSystem{limit: s.Blocks * block, used: (s.Blocks - s.Bfree) * block, free: s.Bavail * block, reserved: (s.Bfree - s.Bavail) * block}, true
}
