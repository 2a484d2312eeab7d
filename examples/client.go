// SPDX-License-Identifier: GPL-2.0

// client ADDRESS PORT [KEY]: send a line from standard input by SST, or not at
// all. KEY is the public key of the server, as "sstctl pubkey" prints it: then
// nobody else gets the line.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

const (
	soSST   = 0x5354
	require = 2
	peerKey = 1
	sealed  = 2
	public  = 3
)

// Native byte order of the machines that Go's amd64 and arm64 run on.
var native = binary.LittleEndian

func level(network string) int {
	if strings.HasSuffix(network, "6") {
		return syscall.IPPROTO_IPV6
	}
	return syscall.IPPROTO_IP
}

// ask sets SO_SST before connect().
func ask(key []byte) func(string, string, syscall.RawConn) error {
	return func(network, _ string, conn syscall.RawConn) error {
		option := make([]byte, 48)
		native.PutUint32(option[0:], require)
		if key != nil {
			native.PutUint64(option[8:], peerKey)
			copy(option[16:], key)
		}
		var err error
		outer := conn.Control(func(fd uintptr) {
			err = syscall.SetsockoptString(int(fd), level(network), soSST,
				string(option))
		})
		if outer != nil {
			return outer
		}
		return os.NewSyscallError("SO_SST", err)
	}
}

// got says what a connection got, a struct sst_sockinfo.
func got(conn *net.TCPConn) ([]byte, error) {
	info := make([]byte, 144)
	size := uint32(len(info))
	at := syscall.IPPROTO_IP
	if conn.RemoteAddr().(*net.TCPAddr).IP.To4() == nil {
		at = syscall.IPPROTO_IPV6
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd,
			uintptr(at), soSST, uintptr(unsafe.Pointer(&info[0])),
			uintptr(unsafe.Pointer(&size)), 0)
	})
	if err == nil && errno != 0 {
		err = os.NewSyscallError("SO_SST", errno)
	}
	return info, err
}

func isProtected(info, key []byte) bool {
	return info[48] == sealed && (key == nil ||
		info[52] == public && bytes.Equal(info[80:112], key))
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 || len(os.Args) > 4 {
		log.Fatal("usage: client ADDRESS PORT [KEY]")
	}
	var key []byte
	var err error
	if len(os.Args) == 4 {
		key, err = base64.StdEncoding.DecodeString(os.Args[3])
		if err != nil || len(key) != 32 {
			log.Fatal("not a public key")
		}
	}
	dialer := net.Dialer{Control: ask(key)}
	conn, err := dialer.Dial("tcp", net.JoinHostPort(os.Args[1], os.Args[2]))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	info, err := got(conn.(*net.TCPConn))
	if err != nil {
		log.Fatal(err)
	}
	if !isProtected(info, key) {
		log.Fatal("not protected")
	}
	fmt.Fprintf(os.Stderr, "protected, peer %s\n",
		bytes.TrimRight(info[112:144], "\x00"))
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if _, err := conn.Write([]byte(line)); err != nil {
		log.Fatal(err)
	}
}
