// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A server of a test's own, as a child process: it is ready when it says so, is stopped, exactly that process, when
// this object goes, and by the kernel when the test dies before that. A folder of its own goes with it.
//
// Thread safety: none. The server ends with the thread that starts it.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace larder::servers {

// Whom a program runs as.
struct Account {
  uid_t user;
  gid_t group;
};

struct Command {
  std::vector<std::string> words;       // the program, found on the path, and its arguments
  std::string ready = {};               // what it says when it is ready
  std::optional<Account> account = {};  // none: as the test
};

class TemporaryFolder {
 public:
  // Empty path: none could be made.
  explicit TemporaryFolder(const std::string& name);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Runs a program to its end. Empty if it worked, otherwise what it said.
std::string run_program(const Command& command);

class ServerProcess {
 public:
  ServerProcess() = default;
  ~ServerProcess() { stop(SIGKILL); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Empty if it runs, otherwise what it said. What it says later must fit into a pipe.
  std::string start(const Command& command);
  bool runs() const { return process_ > 0; }
  void send(int signal) const { kill(process_, signal); }
  // Sends it and waits for the end. Nothing if it does not run.
  void stop(int signal);

 private:
  pid_t process_ = -1;
  int log_ = -1;
};

}  // namespace larder::servers
