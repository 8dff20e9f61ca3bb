package telemetry

func readProcess() processStats {
	return processStats{openFDs: countEntries("/dev/fd")}
}
