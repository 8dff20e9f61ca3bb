package telemetry

import "github.com/prometheus/client_golang/prometheus"

// ioCollector shows what the process reads and writes, what goes over the network, and how full the disk is that the data stands on. It looks
// when it is asked. What the operating system does not say is left out, on macOS all of it.
type ioCollector struct {
	folder string // on that disk

	disk, network, usage, limit *prometheus.Desc
}

// diskIO is what the process has read from disks, and written to them.
type diskIO struct{ read, written uint64 }

// networkIO is what has gone over one network interface, in bytes.
type networkIO struct {
	name                  string
	received, transmitted uint64
}

// fileSystem is the size of a file system and its parts, in bytes: reserved is what only root may use.
type fileSystem struct{ limit, used, free, reserved uint64 }

func newIOCollector(folder string) *ioCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &ioCollector{
		folder:  folder,
		disk:    desc("process_disk_io_bytes_total", "Bytes that the process has read from disks and written to them.", "disk_io_direction"),
		network: desc("system_network_io_bytes_total", "Bytes over the network interfaces that the process sees, those of its container or of the machine.", "network_interface_name", "network_io_direction"),
		usage:   desc("system_filesystem_usage_bytes", "Use of the file system that the data stands on.", "system_filesystem_state"),
		limit:   desc("system_filesystem_limit_bytes", "Size of the file system that the data stands on."),
	}
}

// Describe is part of prometheus.Collector.
func (c *ioCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.disk, c.network, c.usage, c.limit} {
		ch <- d
	}
}

// Collect is part of prometheus.Collector.
func (c *ioCollector) Collect(ch chan<- prometheus.Metric) {
	show := func(desc *prometheus.Desc, kind prometheus.ValueType, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, kind, float64(v), labels...)
	}
	if io, ok := readDiskIO(); ok {
		show(c.disk, prometheus.CounterValue, io.read, "read")
		show(c.disk, prometheus.CounterValue, io.written, "write")
	}
	for _, n := range readNetworkIO() {
		show(c.network, prometheus.CounterValue, n.received, n.name, "receive")
		show(c.network, prometheus.CounterValue, n.transmitted, n.name, "transmit")
	}
	if fs, ok := readFileSystem(c.folder); ok {
		show(c.limit, prometheus.GaugeValue, fs.limit)
		show(c.usage, prometheus.GaugeValue, fs.used, "used")
		show(c.usage, prometheus.GaugeValue, fs.free, "free")
		show(c.usage, prometheus.GaugeValue, fs.reserved, "reserved")
	}
}
