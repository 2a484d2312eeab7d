#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Servers for programs to talk to, on IPv4 and IPv6, at PORT and the next two.

PORT    HTTP: any page is "hello"
PORT+1  MPTCP: what comes is sent back
PORT+2  UDP: the same

With "require" as second argument the sockets set SO_SST, and there is no MPTCP,
which does not take it.
"""
import http.server
import socket
import socketserver
import sys
import threading

IPPROTO_MPTCP = 262
SO_SST, REQUIRE = 0x5354, 2


class Page(http.server.BaseHTTPRequestHandler):
    """One page."""

    def do_GET(self):
        """Send it."""
        self.send_response(200)
        self.send_header('Content-Length', '6')
        self.end_headers()
        self.wfile.write(b'hello\n')

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Keep quiet."""


class Dual(socketserver.ThreadingTCPServer):
    """Of both families. That of http.server asks for a name of this host."""
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True

    def server_bind(self):
        """Before it listens."""
        if len(sys.argv) > 2:
            self.socket.setsockopt(socket.SOL_IP, SO_SST, REQUIRE)
        super().server_bind()


def echo_stream(sock):
    """Each connection in turn."""
    while True:
        conn, _ = sock.accept()
        with conn:
            while True:
                data = conn.recv(65536)
                if not data:
                    break
                conn.sendall(data)


def echo_datagrams(sock):
    """Each datagram."""
    while True:
        sock.sendto(*sock.recvfrom(65536))


def serve(target, kind, port, proto=0):
    """In the background."""
    sock = socket.socket(socket.AF_INET6, kind, proto)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if len(sys.argv) > 2:
        sock.setsockopt(socket.SOL_IP, SO_SST, REQUIRE)
    sock.bind(('::', port))
    # Before the first server is seen to listen, which comes last.
    if kind == socket.SOCK_STREAM:
        sock.listen(8)
    threading.Thread(target=target, args=(sock,), daemon=True).start()


def main():
    """Until it is killed."""
    port = int(sys.argv[1])
    if len(sys.argv) == 2:
        serve(echo_stream, socket.SOCK_STREAM, port + 1, IPPROTO_MPTCP)
    serve(echo_datagrams, socket.SOCK_DGRAM, port + 2)
    Dual(('::', port), Page).serve_forever()


main()
