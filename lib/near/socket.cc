// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "near/socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace larder::near {
namespace {

constexpr std::size_t kReceivedAtOnce = 64 << 10;

std::string system_error(int number) { return std::strerror(number); }

int begin_to(int family, const sockaddr* address, socklen_t size, std::string* error) {
  const int made = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) {
    *error = system_error(errno);
    return -1;
  }
  const int on = 1;
  if (family != AF_UNIX) setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // EAGAIN: a unix socket with more clients waiting than it lets wait.
  if (connect(made, address, size) == 0 || errno == EINPROGRESS) return made;
  *error = system_error(errno);
  close(made);
  return -1;
}

int begin_unix(const std::string& path, std::string* error) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return begin_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, error);
}

int begin_tcp(const std::string& host, std::uint16_t port, unsigned attempt, std::string* error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    *error = gai_strerror(failed);
    return -1;
  }
  unsigned count = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) ++count;
  const addrinfo* chosen = found;
  for (unsigned i = 0; i < attempt % count; ++i) chosen = chosen->ai_next;
  const int made = begin_to(chosen->ai_family, chosen->ai_addr, chosen->ai_addrlen, error);
  freeaddrinfo(found);
  return made;
}

}  // namespace

std::unique_ptr<Socket> Socket::begin(const NearCacheOptions& options, unsigned attempt, std::string* error) {
  const int made = options.unix_path.empty() ? begin_tcp(options.host, options.port, attempt, error)
                                             : begin_unix(options.unix_path, error);
  if (made < 0) return nullptr;
  return std::unique_ptr<Socket>(new Socket(made));
}

Socket::Socket(int descriptor) : descriptor_(descriptor), reader_(redisReaderCreate()) {
  if (reader_ == nullptr) throw std::bad_alloc();
}

Socket::~Socket() { close(descriptor_); }

std::string Socket::outcome() const {
  int number = 0;
  socklen_t size = sizeof number;
  if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &number, &size) != 0) number = errno;
  return number == 0 ? std::string() : system_error(number);
}

bool Socket::wait(short events, const Deadline& deadline) const noexcept {
  pollfd socket{descriptor_, events, 0};
  int ready = 0;
  do {
    ready = poll(&socket, 1, deadline.left_ms());
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

bool Socket::hung_up() const noexcept {
  pollfd socket{descriptor_, POLLRDHUP, 0};
  return poll(&socket, 1, 0) > 0;
}

bool Socket::send(std::string_view* bytes) noexcept {
  while (!bytes->empty()) {
    const ssize_t sent = ::send(descriptor_, bytes->data(), bytes->size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes->remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return true;
    } else if (sent == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

Socket::Received Socket::receive() noexcept {
  if (broken_) return Received::kEnd;
  std::array<char, kReceivedAtOnce> bytes;
  ssize_t got = 0;
  do {
    got = recv(descriptor_, bytes.data(), bytes.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Received::kNothing;
  if (got <= 0 || redisReaderFeed(reader_.get(), bytes.data(), static_cast<std::size_t>(got)) != REDIS_OK) {
    broken_ = true;
    return Received::kEnd;
  }
  return Received::kSome;
}

Reply Socket::next() noexcept {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) broken_ = true;
  return Reply(static_cast<redisReply*>(reply));
}

void Socket::shut() noexcept { shutdown(descriptor_, SHUT_RDWR); }

}  // namespace larder::near
