// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "servers/slow_link.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace larder::servers {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

bool send_all(int to, const char* bytes, std::size_t count) {
  while (count != 0) {
    const ssize_t sent = send(to, bytes, count, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    count -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

struct SlowLink::Connection {
  int client = -1;
  int server = -1;
  bool held = false;  // these two guarded by the link's mutex
  bool over = false;  // nothing more goes up
  std::thread up, down;
};

SlowLink::SlowLink(std::string path, std::string server_path)
    : path_(std::move(path)), server_path_(std::move(server_path)) {
  const sockaddr_un address = address_of(path_);
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  listen(listener_, 16);
  acceptor_ = std::thread([this] { accept_all(); });
}

SlowLink::~SlowLink() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (const auto& one : connections_) shutdown(one->client, SHUT_RDWR);
  release();
  for (const auto& one : connections_) {
    shutdown(one->server, SHUT_RDWR);
    one->up.join();
    one->down.join();
    close(one->client);
    close(one->server);
  }
  close(listener_);
}

void SlowLink::accept_all() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    auto made = std::make_unique<Connection>();
    made->client = client;
    made->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(server_path_);
    connect(made->server, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    Connection& connection = *made;
    connection.up = std::thread([this, &connection] { carry_up(connection); });
    connection.down = std::thread([&connection] {
      std::array<char, 4096> bytes{};
      ssize_t count = 0;
      while ((count = read(connection.server, bytes.data(), bytes.size())) > 0) {
        if (!send_all(connection.client, bytes.data(), static_cast<std::size_t>(count))) break;
      }
      shutdown(connection.client, SHUT_RDWR);
    });
    const std::lock_guard lock(mutex_);
    connections_.push_back(std::move(made));
  }
}

void SlowLink::carry_up(Connection& connection) {
  std::array<char, 4096> bytes{};
  for (bool open = true; open;) {
    const ssize_t count = read(connection.client, bytes.data(), bytes.size());
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !connection.held; });
    }
    open = count > 0 && send_all(connection.server, bytes.data(), static_cast<std::size_t>(count));
  }
  shutdown(connection.server, SHUT_WR);
  const std::lock_guard lock(mutex_);
  connection.over = true;
  changed_.notify_all();
}

void SlowLink::hold() {
  const std::lock_guard lock(mutex_);
  for (const auto& one : connections_) one->held = true;
}

void SlowLink::release() {
  std::unique_lock lock(mutex_);
  std::vector<Connection*> held;
  for (const auto& one : connections_) {
    if (one->held) held.push_back(one.get());
    one->held = false;
  }
  changed_.notify_all();
  // Their clients have given up: what they had sent goes up, and then there is no more.
  changed_.wait(lock, [&] { return std::all_of(held.begin(), held.end(), [](auto* one) { return one->over; }); });
}

}  // namespace larder::servers
