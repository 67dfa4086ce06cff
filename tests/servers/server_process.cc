// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "servers/server_process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace larder::servers {
namespace {

constexpr int kStartMsMax = 30'000;

struct Child {
  pid_t process = -1;
  int log = -1;  // what it says
};

// In the child: becomes the program, or ends with 127.
[[noreturn]] void become(char* const* words, const std::optional<Account>& account, int log, pid_t parent) {
  if (account && (setgroups(0, nullptr) != 0 || setgid(account->group) != 0 || setuid(account->user) != 0)) _exit(125);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // after the change of the user, which clears it
  if (getppid() != parent) _exit(126);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execvp(words[0], words);
  _exit(127);
}

Child begin(const Command& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  std::vector<char*> words;
  for (const std::string& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t process = fork();
  if (process == 0) become(words.data(), command.account, ends[1], parent);
  close(ends[1]);
  return {process, ends[0]};
}

// Until it has said that, or has ended.
std::string listen(int log, const std::string& until) {
  std::string said;
  std::array<char, 4096> buffer{};
  while (until.empty() || said.find(until) == std::string::npos) {
    pollfd waiting{log, POLLIN, 0};
    if (poll(&waiting, 1, kStartMsMax) <= 0) break;
    const ssize_t count = read(log, buffer.data(), buffer.size());
    if (count <= 0) break;
    said.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return said;
}

}  // namespace

TemporaryFolder::TemporaryFolder(const std::string& name) {
  std::string pattern = (std::filesystem::temp_directory_path() / ("larder-" + name + "-XXXXXX")).string();
  if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::string run_program(const Command& command) {
  const Child child = begin(command);
  if (child.process < 0) return "no process can be made";
  const std::string said = listen(child.log, "");
  close(child.log);
  int status = 0;
  waitpid(child.process, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return said.empty() ? "The program " + command.words[0] + " was not found." : "It said:\n" + said;
}

std::string ServerProcess::start(const Command& command) {
  stop(SIGKILL);
  const Child child = begin(command);
  process_ = child.process;
  log_ = child.log;
  if (process_ < 0) return "no process can be made";
  const std::string said = listen(log_, command.ready);
  if (said.find(command.ready) != std::string::npos) return {};
  stop(SIGKILL);
  return said.empty() ? "The program " + command.words[0] + " was not found." : "It said:\n" + said;
}

void ServerProcess::stop(int signal) {
  if (process_ > 0) {
    kill(process_, signal);
    kill(process_, SIGCONT);
    waitpid(process_, nullptr, 0);
  }
  if (log_ >= 0) close(log_);
  process_ = log_ = -1;
}

}  // namespace larder::servers
