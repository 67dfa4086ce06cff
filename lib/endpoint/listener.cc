// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "endpoint/event_loop.h"

namespace larder::endpoint {
namespace {

constexpr int kBacklog = 511;
constexpr int kAcceptedAtOnce = 64;
constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Whether nobody listens at the socket that stands there.
bool is_left_over(const sockaddr_un& address) {
  const int probe = socket(AF_UNIX, kSocketFlags, 0);
  if (probe < 0) return false;
  const bool refused =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;
  close(probe);
  return refused;
}

}  // namespace

std::string numeric_address(const std::string& bind) {
  if (bind == "localhost") return "127.0.0.1";
  in6_addr parsed{};
  const bool numeric =
      inet_pton(AF_INET, bind.c_str(), &parsed) == 1 || inet_pton(AF_INET6, bind.c_str(), &parsed) == 1;
  return numeric ? bind : std::string();
}

bool is_loopback(const std::string& numeric) {
  in6_addr six{};
  if (inet_pton(AF_INET6, numeric.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  return numeric.starts_with("127.");
}

Listener::~Listener() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (spare_ >= 0) ::close(spare_);
}

Status Listener::failure(const std::string& what) const {
  return {ErrorCode::kInvalidArgument, "endpoint: " + what + ": " + std::generic_category().message(errno)};
}

Status Listener::listen_tcp(const std::string& address, std::uint16_t port) {
  sockaddr_storage where{};
  socklen_t size = 0;
  const std::string numeric = numeric_address(address);
  if (auto& four = reinterpret_cast<sockaddr_in&>(where); inet_pton(AF_INET, numeric.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    size = sizeof four;
  } else {
    auto& six = reinterpret_cast<sockaddr_in6&>(where);
    inet_pton(AF_INET6, numeric.c_str(), &six.sin6_addr);
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    size = sizeof six;
  }
  const std::string what = "port " + std::to_string(port) + " of " + address;
  descriptor_ = socket(where.ss_family, kSocketFlags, 0);
  if (descriptor_ < 0) return failure(what);
  const int on = 1;
  setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (where.ss_family == AF_INET6) setsockopt(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&where), size) != 0 || listen(descriptor_, kBacklog) != 0)
    return failure(what);
  size = sizeof where;
  if (getsockname(descriptor_, reinterpret_cast<sockaddr*>(&where), &size) != 0) return failure(what);
  port_ = ntohs(where.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(where).sin_port
                                           : reinterpret_cast<const sockaddr_in6&>(where).sin6_port);
  return {};
}

Status Listener::listen_unix(const std::string& path) {
  const sockaddr_un address = unix_address(path);
  struct stat found {};
  if (lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) return {ErrorCode::kInvalidArgument, path + " is there, and is no socket"};
    if (is_left_over(address)) unlink(path.c_str());
  }
  descriptor_ = socket(AF_UNIX, kSocketFlags, 0);
  if (descriptor_ < 0) return failure(path);
  // Nobody can connect before `listen`: there is no moment at which the mode is another.
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return failure(path);
  path_ = path;
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) == 0 && listen(descriptor_, kBacklog) == 0) return {};
  Status status = failure(path);
  unlink(path.c_str());
  path_.clear();
  return status;
}

Status Listener::begin() {
  keep_spare();
  if (const int error = uv_poll_init(loop_.uv(), &poll_, descriptor_); error != 0)
    return {ErrorCode::kOutOfMemory, std::string("endpoint: no poll: ") + uv_strerror(error)};
  poll_.data = this;
  polls_ = true;
  poll();
  return {};
}

void Listener::tick() {
  if (spare_ < 0) keep_spare();
  if (std::exchange(paused_, false)) poll();
}

void Listener::poll() {
  uv_poll_start(&poll_, UV_READABLE,
                [](uv_poll_t* poll, int, int) { static_cast<Listener*>(poll->data)->accept_some(); });
}

void Listener::close() {
  if (is_unix()) unlink(path_.c_str());
  if (polls_) uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
  polls_ = false;
  // Who has not been accepted yet is told so.
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void Listener::keep_spare() { spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC); }

// Closes one who waits. False: not even that can be done.
bool Listener::shed() {
  if (spare_ < 0) return false;
  ::close(spare_);
  const int client = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client >= 0) ::close(client);
  keep_spare();
  return client >= 0;
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptedAtOnce && !paused_; ++i) {
    const int client = accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0) {
      loop_.welcome(client, *this);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      ++loop_.service().counters().connections_rejected;
      paused_ = !shed();
    } else if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO) {
      return;
    }
  }
  if (paused_) uv_poll_stop(&poll_);
}

}  // namespace larder::endpoint
