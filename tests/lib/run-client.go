// SPDX-License-Identifier: GPL-2.0

// A plain program: asks the servers of run-server.py at the address and port that
// are given, by HTTP and by UDP, and prints what they say.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// dial gives a connection on which nothing waits for long.
func dial(network, host string, port int) net.Conn {
	conn, err := net.Dial(network, net.JoinHostPort(host, strconv.Itoa(port)))
	fail(err)
	fail(conn.SetDeadline(time.Now().Add(10 * time.Second)))
	return conn
}

func main() {
	port, err := strconv.Atoi(os.Args[2])
	fail(err)
	page := dial("tcp", os.Args[1], port)
	fmt.Fprint(page, "GET / HTTP/1.0\r\n\r\n")
	last := ""
	for lines := bufio.NewScanner(page); lines.Scan(); {
		last = lines.Text()
	}
	fmt.Println(last)

	datagrams := dial("udp", os.Args[1], port+2)
	fmt.Fprint(datagrams, "datagram")
	answer := make([]byte, 100)
	n, err := datagrams.Read(answer)
	fail(err)
	fmt.Println(string(answer[:n]))
}
