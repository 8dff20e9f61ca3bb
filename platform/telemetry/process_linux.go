package telemetry

import (
	"bytes"
	"os"
	"strconv"
)

func readProcess() processStats {
	var stats processStats
	if stat, err := os.ReadFile("/proc/self/stat"); err == nil {
		stats = parseStat(stat, uint64(os.Getpagesize()))
	}
	stats.openFDs = countEntries("/proc/self/fd")
	return stats
}

// parseStat reads /proc/<pid>/stat, proc_pid_stat(5). The name in parentheses may hold anything, so counting begins behind it.
func parseStat(stat []byte, pageSize uint64) processStats {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const threads, vsize, rss = 20 - 3, 23 - 3, 24 - 3 // the manual counts from 1, and the first two are gone
	if len(fields) <= rss {
		return processStats{}
	}
	number := func(i int) uint64 {
		n, err := strconv.ParseUint(string(fields[i]), 10, 63)
		if err != nil {
			return 0
		}
		return n
	}
	return processStats{residentBytes: number(rss) * pageSize, virtualBytes: number(vsize), threads: int(number(threads))}
}
