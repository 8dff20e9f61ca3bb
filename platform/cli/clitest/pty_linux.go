package clitest

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// run runs a command on a new terminal and returns everything that was written to it.
func run(t testing.TB, cmd *exec.Cmd, answers []Answer) string {
	t.Helper()
	master, slave, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	if err := errors.Join(err, slave.Close()); err != nil {
		t.Fatal(err)
	}
	if len(answers) == 0 { // whoever waits for one gets the end of the input
		answers = []Answer{{Type: "\x04"}}
	}
	var shown strings.Builder
	for buf := make([]byte, 4096); ; {
		n, err := master.Read(buf)
		shown.Write(buf[:n])
		if len(answers) > 0 && strings.Contains(shown.String(), answers[0].To) {
			if _, err := io.WriteString(master, answers[0].Type); err != nil && answers[0].To != "" { // it may have ended
				t.Fatal(err)
			}
			answers = answers[1:]
		}
		if err != nil { // EIO is how Linux says that nobody is there any more
			break
		}
	}
	_ = cmd.Wait() // its exit code is for the test
	return shown.String()
}

// open returns both ends of a terminal of 80 columns that shows nothing of what is typed.
func open() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err == nil {
		err = silence(fd)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	if err == nil {
		slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, nil, errors.Join(err, master.Close())
	}
	return master, slave, nil
}

func silence(fd int) error {
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	mode.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(fd, unix.TCSETS, mode)
}
