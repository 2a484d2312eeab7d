// SPDX-License-Identifier: GPL-2.0

//! client ADDRESS PORT [KEY]: send a line from standard input by SST, or not at
//! all. KEY is the public key of the server, as "sstctl pubkey" prints it: then
//! nobody else gets the line.
//!
//! The standard library cannot set an option before connect(), hence the calls
//! of libc.

use std::io::{Error, ErrorKind, Result, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::raw::{c_int, c_void};
use std::os::unix::io::{AsRawFd, FromRawFd};

const IPPROTO_IP: c_int = 0;
const IPPROTO_IPV6: c_int = 41;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const SOCK_STREAM: c_int = 1;
const SOCK_CLOEXEC: c_int = 0o2000000;

const SO_SST: c_int = 0x5354;
const REQUIRE: u32 = 2;
const PEER_KEY: u64 = 1;
const SEALED: u8 = 2;
const PUBLIC: u8 = 3;

type Key = [u8; 32];

extern "C" {
    fn socket(domain: c_int, kind: c_int, proto: c_int) -> c_int;
    fn connect(fd: c_int, addr: *const c_void, len: u32) -> c_int;
    fn setsockopt(fd: c_int, level: c_int, name: c_int, value: *const c_void, len: u32) -> c_int;
    fn getsockopt(fd: c_int, level: c_int, name: c_int, value: *mut c_void, len: *mut u32)
        -> c_int;
}

fn check(result: c_int) -> Result<c_int> {
    if result < 0 {
        return Err(Error::last_os_error());
    }
    Ok(result)
}

/// As a struct sockaddr_in or sockaddr_in6.
fn sockaddr(to: &SocketAddr) -> Vec<u8> {
    let family = if to.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut addr = family.to_ne_bytes().to_vec();
    addr.extend(to.port().to_be_bytes());
    match to {
        SocketAddr::V4(v4) => {
            addr.extend(v4.ip().octets());
            addr.extend([0; 8]);
        }
        SocketAddr::V6(v6) => {
            addr.extend(v6.flowinfo().to_be_bytes());
            addr.extend(v6.ip().octets());
            addr.extend(v6.scope_id().to_ne_bytes());
        }
    }
    addr
}

/// A TCP connection that is protected, and the name of the peer.
fn connect_protected(to: &SocketAddr, key: Option<Key>) -> Result<(TcpStream, String)> {
    let (family, level) = match to {
        SocketAddr::V4(_) => (AF_INET, IPPROTO_IP),
        SocketAddr::V6(_) => (AF_INET6, IPPROTO_IPV6),
    };
    let mut option = REQUIRE.to_ne_bytes().to_vec();
    option.extend(0u32.to_ne_bytes());
    option.extend((if key.is_some() { PEER_KEY } else { 0 }).to_ne_bytes());
    option.extend(key.unwrap_or([0; 32]));
    let addr = sockaddr(to);
    let mut info = [0u8; 144];
    let mut size = info.len() as u32;

    let fd = check(unsafe { socket(family.into(), SOCK_STREAM | SOCK_CLOEXEC, 0) })?;
    let stream = unsafe { TcpStream::from_raw_fd(fd) };
    let fd = stream.as_raw_fd();
    check(unsafe {
        setsockopt(fd, level, SO_SST, option.as_ptr().cast(), option.len() as u32)
    })?;
    check(unsafe { connect(fd, addr.as_ptr().cast(), addr.len() as u32) })?;
    check(unsafe { getsockopt(fd, level, SO_SST, info.as_mut_ptr().cast(), &mut size) })?;
    let expected = match key {
        Some(key) => info[52] == PUBLIC && info[80..112] == key,
        None => true,
    };
    if info[48] != SEALED || !expected {
        return Err(Error::new(ErrorKind::Other, "not protected"));
    }
    let name = String::from_utf8_lossy(&info[112..144]);
    Ok((stream, name.trim_end_matches('\0').to_string()))
}

/// 32 bytes in base64.
fn read_key(text: &str) -> Option<Key> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits: Vec<bool> = Vec::new();
    for byte in text.strip_suffix('=')?.bytes() {
        let value = digits.iter().position(|d| *d == byte)?;
        bits.extend((0..6).rev().map(|i| value >> i & 1 == 1));
    }
    let bytes: Vec<u8> = bits
        .chunks_exact(8)
        .map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | *bit as u8))
        .collect();
    bytes.try_into().ok()
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    if args.len() < 3 || args.len() > 4 {
        return Err(Error::new(ErrorKind::InvalidInput, "usage: client ADDRESS PORT [KEY]"));
    }
    let key = match args.get(3) {
        Some(text) => Some(read_key(text).ok_or(ErrorKind::InvalidInput)?),
        None => None,
    };
    let to = (args[1].as_str(), args[2].parse().map_err(|_| ErrorKind::InvalidInput)?)
        .to_socket_addrs()?
        .next()
        .ok_or(ErrorKind::NotFound)?;
    let (mut stream, name) = connect_protected(&to, key)?;
    eprintln!("protected, peer {}", name);
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    stream.write_all(line.as_bytes())
}
