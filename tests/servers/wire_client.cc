// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "servers/wire_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace larder::servers {
namespace {

// Again after a signal: a debugger's, or the clock of libFuzzer.
template <typename Call>
ssize_t uninterrupted(Call&& call) {
  for (;;) {
    const ssize_t done = call();
    if (done >= 0 || errno != EINTR) return done;
  }
}

}  // namespace

std::string request(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return bytes;
}

WireClient::WireClient(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  connect_to(AF_UNIX, &address, sizeof address);
}

WireClient::WireClient(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  connect_to(AF_INET, &address, sizeof address);
}

WireClient::WireClient(WireClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)), taken_(other.taken_) {}

WireClient::~WireClient() {
  if (socket_ >= 0) close(socket_);
}

void WireClient::connect_to(int family, const void* address, std::size_t size) {
  socket_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return;
  const timeval wait{kWaitSeconds, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  if (connect(socket_, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) == 0) return;
  close(socket_);
  socket_ = -1;
}

void WireClient::take_little() {
  const int bytes = 4096;
  setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool WireClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = uninterrupted([&] { return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t WireClient::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent <= 0 ? 0 : static_cast<std::size_t>(sent);
}

void WireClient::finish_sending() { shutdown(socket_, SHUT_WR); }

bool WireClient::receive_more() {
  std::array<char, 65'536> buffer;
  const ssize_t count = uninterrupted([&] { return recv(socket_, buffer.data(), buffer.size(), 0); });
  if (count <= 0) return false;
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

bool WireClient::has_reply() const {
  pollfd socket{socket_, POLLIN, 0};
  return taken_ < received_.size() || poll(&socket, 1, 0) == 1;
}

// Valid until more is received.
bool WireClient::pass_line(std::string_view* line) {
  std::size_t end = 0;
  while ((end = received_.find("\r\n", taken_)) == std::string::npos) {
    if (!receive_more()) return false;
  }
  *line = std::string_view(received_).substr(taken_, end - taken_);
  taken_ = end + 2;
  return true;
}

bool WireClient::pass_reply() {
  std::string_view line;
  if (!pass_line(&line) || line.empty()) return false;
  const char kind = line[0];
  long long count = std::strtoll(std::string(line.substr(1)).c_str(), nullptr, 10);
  switch (kind) {
    case '$':
    case '=':
    case '!':
      if (count < 0) return true;
      while (received_.size() - taken_ < static_cast<std::size_t>(count) + 2) {
        if (!receive_more()) return false;
      }
      taken_ += static_cast<std::size_t>(count) + 2;
      return true;
    case '%':
    case '|': count *= 2; [[fallthrough]];
    case '*':
    case '~':
    case '>':
      for (long long i = 0; i < count; ++i) {
        if (!pass_reply()) return false;
      }
      return kind != '|' || pass_reply();
    default: return true;
  }
}

std::string WireClient::reply() {
  received_.erase(0, std::exchange(taken_, 0));
  return pass_reply() ? received_.substr(0, taken_) : std::string();
}

std::string WireClient::call(const std::vector<std::string>& words) {
  return send(request(words)) ? reply() : std::string();
}

bool WireClient::is_closed() {
  received_.clear();
  taken_ = 0;
  std::array<char, 65'536> buffer;
  for (;;) {
    const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
    if (count == 0) return true;
    if (count < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
  }
}

}  // namespace larder::servers
