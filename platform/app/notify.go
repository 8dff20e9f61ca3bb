package app

import (
	"fmt"
	"io"
	"net"
)

// notifySocket is the variable that names the socket of whoever has started the process and wants to know how it is: the protocol of
// systemd's sd_notify(3), whose unit says Type=notify.
const notifySocket = "NOTIFY_SOCKET"

// What the command serve tells.
const (
	notifyReady    = "READY=1"    // it serves
	notifyStopping = "STOPPING=1" // it is about to end
)

// notify tells a state to whoever wants to know. That it cannot be told is no reason to stop.
func (l *launcher) notify(state string) {
	name := l.env(notifySocket)
	if name == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: name}) // an @ at its begin is for package net too
	if err == nil {
		_, err = io.WriteString(conn, state)
		_ = conn.Close() // a datagram is gone already
	}
	if err != nil {
		l.Warn(fmt.Sprintf("%s: %v", notifySocket, err))
	}
}
