// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A socket that clients come to: TCP at one address, or a unix socket of mode 0600.
//
// Where the program has no descriptor left, whoever comes is closed with one that was kept for this; if that is gone
// too, nobody is accepted until the next tick: so it neither spins nor holds up those who are there.
//
// Thread safety: none.
#pragma once

#include <uv.h>

#include <cstdint>
#include <string>

#include "larder/endpoint.h"
#include "larder/status.h"

namespace larder::endpoint {

class EventLoop;

class Listener {
 public:
  explicit Listener(EventLoop& loop) : loop_(loop) {}
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Status listen_tcp(const std::string& address, std::uint16_t port);
  Status listen_unix(const std::string& path);
  // The loop's thread, or before it runs.
  Status begin();
  void tick();   // accepts again
  void close();  // the handle itself is closed when the loop has run once more

  bool is_unix() const noexcept { return !path_.empty(); }
  const std::string& path() const noexcept { return path_; }
  std::uint16_t port() const noexcept { return port_; }

 private:
  Status failure(const std::string& what) const;
  void poll();
  void accept_some();
  bool shed();
  void keep_spare();

  EventLoop& loop_;
  int descriptor_ = -1;
  int spare_ = -1;  // for the hour when there is none
  uv_poll_t poll_{};
  bool polls_ = false;
  bool paused_ = false;
  std::string path_;
  std::uint16_t port_ = 0;
};

// The numeric address that a name in `bind` stands for: "localhost" is one. Empty: it is none.
std::string numeric_address(const std::string& bind);
bool is_loopback(const std::string& numeric);

}  // namespace larder::endpoint
