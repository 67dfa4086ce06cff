// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/types/server.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "bench/workload/clocks.h"

extern char** environ;

namespace larder::bench {
namespace {

std::string request(const std::vector<Words>& commands) {
  std::string text;
  for (const Words& words : commands) {
    text += "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words) text += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return text;
}

// The process, with what it says going nowhere; -1 if there is no such program.
pid_t spawn(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int out : {1, 2}) posix_spawn_file_actions_addopen(&actions, out, "/dev/null", O_WRONLY, 0);
  pid_t process = -1;
  if (posix_spawnp(&process, program.c_str(), &actions, nullptr, words.data(), environ) != 0) process = -1;
  posix_spawn_file_actions_destroy(&actions);
  return process;
}

}  // namespace

Server::Server(std::string name, const std::string& program, std::vector<std::string> arguments)
    : name_(std::move(name)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "larder-types-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    error_ = "no temporary directory could be made";
    return;
  }
  folder_ = pattern;
  socket_path_ = folder_ + "/socket";
  arguments.push_back(socket_path_);
  process_ = spawn(program, arguments);
  for (int i = 0; process_ > 0 && i < 500 && !connect_to_it(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (socket_ < 0) error_ = program + " could not be started";
}

Server::~Server() {
  if (socket_ >= 0) close(socket_);
  if (process_ > 0) {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

bool Server::connect_to_it() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path_.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, socket_path_.c_str(), socket_path_.size() + 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    socket_ = socket;
    return true;
  }
  close(socket);
  return false;
}

bool Server::read_more() {
  char buffer[1 << 16];
  const ssize_t count = recv(socket_, buffer, sizeof buffer, 0);
  if (count <= 0) {
    error_ = name_ + " has closed the connection";
    return false;
  }
  received_.erase(0, at_);
  at_ = 0;
  received_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

std::string Server::line() {
  std::size_t end = 0;
  while ((end = received_.find("\r\n", at_)) == std::string::npos) {
    if (!read_more()) return {};
  }
  std::string text = received_.substr(at_, end - at_);
  at_ = end + 2;
  return text;
}

bool Server::skip_reply() {
  const std::string first = line();
  if (first.empty()) return false;
  if (first[0] == '-') error_ = name_ + ": " + first.substr(1);
  const long long count = std::strtoll(first.c_str() + 1, nullptr, 10);
  if (first[0] == '$' && count >= 0) {
    const auto size = static_cast<std::size_t>(count) + 2;
    while (received_.size() - at_ < size) {
      if (!read_more()) return false;
    }
    at_ += size;
  }
  for (long long i = 0; first[0] == '*' && i < count; ++i) {
    if (!skip_reply()) return false;
  }
  return true;
}

void Server::call(const std::vector<Words>& commands) {
  const std::string text = request(commands);
  // Small enough for the socket's buffers, or read by the server before it answers: the callers see to it.
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t count = send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) {
      error_ = name_ + " takes no more";
      return;
    }
    sent += static_cast<std::size_t>(count);
  }
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (!skip_reply()) return;
  }
}

std::string Server::ask(const Words& words) {
  const std::string text = request({words});
  if (send(socket_, text.data(), text.size(), MSG_NOSIGNAL) < 0) return {};
  const std::string first = line();
  if (first.empty() || first[0] != '$') return first;
  const auto size = static_cast<std::size_t>(std::strtoll(first.c_str() + 1, nullptr, 10));
  while (received_.size() - at_ < size + 2) {
    if (!read_more()) return {};
  }
  std::string bulk = received_.substr(at_, size);
  at_ += size + 2;
  return bulk;
}

std::int64_t Server::cpu_ns() const {
  clockid_t clock = 0;
  return clock_getcpuclockid(process_, &clock) == 0 ? read_clock(clock) : 0;
}

}  // namespace larder::bench
