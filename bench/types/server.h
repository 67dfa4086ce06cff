// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A server of Redis's protocol as a child process, on a unix socket of its own, to which commands are sent in
// pipelines; and what of a core it has used.
//
// Thread safety: none.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace larder::bench {

using Words = std::vector<std::string>;

class Server {
 public:
  // Starts `program` with `arguments`, and the path of the socket behind them. See `error`.
  Server(std::string name, const std::string& program, std::vector<std::string> arguments);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Empty if it answers.
  const std::string& error() const { return error_; }
  const std::string& name() const { return name_; }
  const std::string& socket_path() const { return socket_path_; }
  // Sends them all, and waits for as many replies. An error in them is `error` from then on.
  void call(const std::vector<Words>& commands);
  // One command; its reply, if that is one line, or the text of a bulk string.
  std::string ask(const Words& words);
  std::int64_t cpu_ns() const;

 private:
  bool connect_to_it();
  bool read_more();
  bool skip_reply();
  std::string line();

  const std::string name_;
  std::string folder_;
  std::string socket_path_;
  std::string error_;
  pid_t process_ = -1;
  int socket_ = -1;
  std::string received_;
  std::size_t at_ = 0;
};

}  // namespace larder::bench
