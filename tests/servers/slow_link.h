// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A network between a client and a server, both on unix sockets: it can hold back what clients have sent, also after
// they have given up, and deliver it later.
//
// Thread safety: hold and release by one thread, while others use the link.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace larder::servers {

class SlowLink {
 public:
  SlowLink(std::string path, std::string server_path);
  ~SlowLink();
  SlowLink(const SlowLink&) = delete;
  SlowLink& operator=(const SlowLink&) = delete;

  const std::string& path() const { return path_; }
  // From now on, nothing of the connections that there are reaches the server; those that come pass.
  void hold();
  // Delivers what was held, and returns when the server has it or has refused it.
  void release();

 private:
  struct Connection;
  void accept_all();
  void carry_up(Connection& connection);

  const std::string path_;
  const std::string server_path_;
  int listener_ = -1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Connection>> connections_;  // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace larder::servers
